import { crowds } from './child/crowds.js'
import { endings } from './child/endings.js'
import { limits } from './child/limits.js'
import { lives } from './child/lives.js'
import type { Options } from './child/options.js'
import { shortages } from './child/shortages.js'
import { troubles } from './child/troubles.js'

/**
 * What tests do in a process of its own, where a crash or a hang shows: `node child.js SCENARIO OPTIONS`. Each scenario
 * prints what it has to say as lines of JSON.
 */
const scenarios = { ...lives, ...endings, ...crowds, ...shortages, ...troubles, ...limits }

export type { Options }
export type Scenario = keyof typeof scenarios

const [scenario = '', options = '{}'] = process.argv.slice(2)
await scenarios[scenario as Scenario](JSON.parse(options) as Options)
