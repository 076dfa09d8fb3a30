import { writeFileSync } from 'node:fs'
import { playOnDocker } from './docker/side.js'
import { prepareHost } from './host.js'
import { scenarios } from './scenarios.js'
import { playOnSlipway } from './slipway/side.js'

/** One scenario on one side, in the namespaces that main.ts made: `side.js docker|slipway SCENARIO FILE PROGRAMS`. */
const [side = '', name, file = '', programs = ''] = process.argv.slice(2)
const scenario = scenarios.find((one) => one.name === name)
if (!scenario) throw new Error(`There is no scenario ${name}.`)
prepareHost()
const observation = side === 'docker' ? await playOnDocker(scenario, programs) : await playOnSlipway(scenario)
writeFileSync(file, `${JSON.stringify(observation, undefined, 2)}\n`)
