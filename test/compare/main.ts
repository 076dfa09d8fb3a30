import { mkdirSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { compare, refusalsOf, type Pair } from './differences.js'
import { writeDocument } from './document.js'
import { explain } from './explain.js'
import { play } from './play.js'
import { reasons } from './reasons.js'
import { kernelHas } from './kernel.js'
import { scenarios } from './scenarios.js'
import type { Scenario } from './steps.js'

/** `npm run compare:docker [-- SCENARIO...]`. With scenarios named, only those are played, and nothing is written. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const OBSERVATIONS = `${ROOT}build-compare/observations`
const PROGRAMS = `${ROOT}build-compare/docker`
const DOCUMENT = 'docs/docker-differences.md'

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !scenarios.some((scenario) => scenario.name === name))
if (unknown.length > 0)
  throw new Error(
    `There is no scenario ${unknown.join(', ')}. There are ${scenarios.map(({ name }) => name).join(', ')}.`,
  )
const lacking = [...new Set(scenarios.flatMap(({ needs = [] }) => needs))].filter((kind) => !kernelHas(kind))
const [possible, impossible] = [true, false].map((can) =>
  scenarios.filter(({ needs = [] }) => can === !needs.some((kind) => lacking.includes(kind))),
) as [Scenario[], Scenario[]]
const chosen = possible.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
for (const { name, needs = [] } of impossible)
  console.error(`${name}: left out, as this kernel has no links of the kind ${needs.join(' and ')}`)

const pairs: Pair[] = []
for (const scenario of chosen) {
  const side = (name: 'docker' | 'slipway') => {
    mkdirSync(`${OBSERVATIONS}/${name}`, { recursive: true })
    return play(name, scenario.name, `${OBSERVATIONS}/${name}/${scenario.name}.json`, PROGRAMS)
  }
  const [docker, slipway] = await Promise.all([side('docker'), side('slipway')])
  pairs.push({ scenario, docker, slipway })
  console.error(`${scenario.name}: ${scenario.title}`)
}

const differences = pairs.flatMap(compare)
const result = explain(differences, reasons)
const { docker, slipway } = pairs[0] as Pair
const text = writeDocument({
  ...result,
  docker: docker.version,
  slipway: slipway.version,
  kernel: release().split('.', 2).join('.'),
  scenarios: chosen,
  leftOut: impossible,
  refusals: pairs.flatMap(refusalsOf),
})
if (wanted.length === 0) writeFileSync(`${ROOT}${DOCUMENT}`, text)

for (const { scenario, at, field, docker: one, slipway: other } of result.unexplained)
  console.log(`no reason: ${scenario}: ${at}: ${field}: Docker ${one}, Slipway ${other}`)
if (wanted.length === 0) for (const { what } of result.idle) console.log(`no difference any more: ${what}`)
console.log(
  `${docker.version}, ${slipway.version}: ${chosen.length} scenarios, ${differences.length} differences, ${result.unexplained.length} without a reason, ` +
    `${result.idle.length} reasons without a difference${wanted.length === 0 ? `; written to ${DOCUMENT}` : ''}`,
)
process.exitCode = result.unexplained.length > 0 ? 1 : 0
