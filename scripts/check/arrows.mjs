// Why: an import goes down, or stays in its folder. So whoever changes a folder need look only at those above it, and a
// folder can be taken out with what is below it. And a driver is known by its index.ts in the list of drivers alone, so
// that a new one changes nothing else. Likewise lib/heal/ is known by its index.ts.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'
import { filesUnder, inRoot } from '../setup/tree.mjs'

// From the top to the bottom. A file that is in no folder has a place of its own.
export const LAYERS = [
  'library',
  'internal-library',
  'load-library',
  'whole',
  'index',
  'internal',
  'cli',
  'servers',
  'api',
  'inside',
  'work',
  'heal',
  'firewalls',
  'networks',
  'drivers',
  'events',
  'names',
  'claims',
  'policy',
  'store',
  'kernel',
  'admission',
  'plan',
  'base',
]

const layerOf = (file) => {
  const [first, ...rest] = path.relative('lib', file).split('/')
  return rest.length > 0 ? first : first.replace(/\.ts$/, '')
}

const DRIVERS = 'lib/drivers'
/** `#internal` is what the benchmark builds the same plans with. */
const MAY_KNOW_DRIVERS = [`${DRIVERS}/index.ts`, `${DRIVERS}/list.ts`, 'lib/internal.ts']

/** The folder of the driver that a file is of. */
function driverOf(file) {
  const [name, ...rest] = path.relative(DRIVERS, file).split('/')
  const isDriver = name !== '..' && rest.length > 0 && existsSync(inRoot(DRIVERS, name, 'index.ts'))
  return isDriver ? name : undefined
}

const looksIntoDriver = (file, imported) =>
  driverOf(imported) !== undefined && driverOf(imported) !== driverOf(file) && !MAY_KNOW_DRIVERS.includes(file)

/** What heals has one door. */
const HEAL = 'lib/heal/index.ts'
const passesDoor = (file, imported) => layerOf(imported) === 'heal' && layerOf(file) !== 'heal' && imported !== HEAL

function importsOf(file) {
  const { module } = parseSync(file, readFileSync(inRoot(file), 'utf8'))
  const named = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
  ]
  return [...new Set(named)]
    .filter((name) => name.startsWith('.'))
    .map((name) => path.join(path.dirname(file), name).replace(/\.js$/, '.ts'))
}

export function arrows() {
  const between = new Map()
  const wrong = []
  for (const file of filesUnder('lib').filter((name) => name.endsWith('.ts'))) {
    const from = layerOf(file)
    if (!LAYERS.includes(from)) wrong.push(`${file}: scripts/check/arrows.mjs has no place for ${from}`)
    for (const imported of importsOf(file)) {
      const to = layerOf(imported)
      if (looksIntoDriver(file, imported))
        wrong.push(`${file}: imports ${imported}, and only ${DRIVERS}/index.ts knows the folder of a driver`)
      if (passesDoor(file, imported)) wrong.push(`${file}: imports ${imported}, and ${HEAL} is the door to what heals`)
      if (from === to) continue
      const targets = between.get(from) ?? new Map()
      between.set(from, targets.set(to, (targets.get(to) ?? 0) + 1))
      if (LAYERS.indexOf(to) < LAYERS.indexOf(from))
        wrong.push(`${file}: imports ${imported}, and ${to} is above ${from}`)
    }
  }
  return { between, wrong }
}

export function printArrows() {
  const { between } = arrows()
  for (const layer of LAYERS) {
    const targets = [...(between.get(layer) ?? [])].sort(
      ([one], [other]) => LAYERS.indexOf(one) - LAYERS.indexOf(other),
    )
    console.log(`${layer.padEnd(10)} → ${targets.map(([name, count]) => `${name} ${count}`).join(', ')}`)
  }
}
