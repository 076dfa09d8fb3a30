import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { Slipway } from 'slipway'
import { dice } from '../helpers/dice.js'
import { World } from '../helpers/world.js'
import type { Facts, Step } from '../env/child/random-life.js'
import { kernelIsAsListed } from '../env/invariants.js'
import { startChild, type Child } from '../env/run-child.js'

/**
 * Two processes change sandboxes and networks at random, and are killed at a random moment; sometimes, so is the one
 * that opens the host after them. What was done is there, what was refused is not, and what was under way is one or the
 * other. SLIPWAY_ROUNDS and SLIPWAY_SEED in the environment ask for more rounds, and for one round again.
 */

const ROUNDS = Number(process.env['SLIPWAY_ROUNDS'] ?? 500)
const SEED = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000_000)
/** A host of its own for so many rounds: what is left of one is there in the next. */
const ROUNDS_OF_HOST = 10

/** What was said of one name. */
interface Known {
  facts: Facts | null
  /** What was under way. */
  op?: string
}

/** @param known - As of the rounds before. */
function learn(known: Map<string, Known>, said: readonly unknown[]): void {
  for (const { name, op, state, after } of said as Step[]) {
    const before = known.get(name) ?? { facts: null }
    if (state === 'begun') known.set(name, { ...before, op })
    else known.set(name, { facts: state === 'done' ? (after ?? null) : before.facts })
  }
}

/** What is there of sandboxes and networks. */
async function found(slipway: Slipway): Promise<Map<string, Facts>> {
  const all = new Map<string, Facts>()
  for (const { name, endpoints, ports } of await slipway.sandboxes.list())
    all.set(name, {
      networks: endpoints.map(({ network }) => network).sort(),
      ports: ports.map(({ hostPort, containerPort, protocol }) => `${hostPort}:${containerPort}/${protocol}`).sort(),
    })
  return all
}

function isAsKnown(
  t: ExecutionContext,
  known: ReadonlyMap<string, Known>,
  there: Map<string, Facts>,
  what: string,
): void {
  for (const [name, { facts, op }] of known) {
    if (name.startsWith('net')) continue
    const is = there.get(name)
    const where = `${what}, ${name}${op === undefined ? '' : ` (under way: ${op})`}`
    if (op === undefined) t.deepEqual(is ?? null, facts, where)
    // What was finished once stays, whatever was under way, unless that was to remove it.
    else if (facts !== null && op !== 'remove') t.truthy(is, where)
    if (op === 'publish' || op === 'unpublish') t.deepEqual(is?.networks, facts?.networks, where)
  }
  for (const name of there.keys()) t.true(known.has(name), `${what}: nobody has made ${name}`)
}

async function killed(child: Child): Promise<readonly unknown[]> {
  child.process.kill('SIGKILL')
  const { signal, said, stderr } = await child.ended
  if (signal !== 'SIGKILL') throw new Error(`it ended before: ${stderr}`)
  return said
}

test.serial(`${ROUNDS} rounds, from seed ${SEED}`, async (t) => {
  t.timeout(ROUNDS * 20_000)
  let world = new World(t)
  let known = new Map<string, Known>()
  for (let round = 0; round < ROUNDS; round++) {
    const seed = SEED + round
    const steps: string[] = []
    // Shown where the round goes wrong.
    t.teardown(() => !t.passed && t.log(steps.join('\n')))
    const what = `SLIPWAY_SEED=${seed}`
    const roll = dice(seed)
    if (round % ROUNDS_OF_HOST === 0 && round > 0) {
      world = new World(t)
      known = new Map()
    }
    const open = { netns: world.host.path, stateDir: world.stateDir }
    const children = [0, 1].map((number) =>
      startChild('randomLife', {
        open: roll(2) === 0 ? open : { ...open, pool: { size: 3 } },
        prefix: `${world.prefix}-${round}-${number}`,
        port: 8000 + number * 100,
        seed: seed * 10 + number * 5,
      }),
    )
    await Promise.race(children.map((child) => child.saysMore()))
    await sleep(roll(400))
    const said = await killed(children[0] as Child)
    // The other may have seen it die.
    await sleep(roll(2) * roll(200))
    for (const some of [said, await killed(children[1] as Child)]) {
      learn(known, some)
      steps.push(...some.map((one) => JSON.stringify(one)))
    }
    if (roll(3) === 0) {
      const opener = startChild('opened', { open, prefix: world.prefix })
      await sleep(200 + roll(300))
      opener.process.kill('SIGKILL')
      await opener.ended
    }
    const slipway = await world.open()
    const there = await found(slipway)
    isAsKnown(t, known, there, what)
    await kernelIsAsListed(t, world, slipway, what)
    const again = await world.open()
    t.like(again.reconciled, { healed: [], collected: [] }, what)
    await again.close()
    // From here on all of it is certain.
    for (const name of known.keys()) {
      const facts = there.get(name)
      if (facts) known.set(name, { facts })
      else known.delete(name)
    }
    // Half of them go, and give back what they had.
    for (const sandbox of await slipway.sandboxes.list())
      if (roll(2) === 0) {
        await sandbox.remove()
        known.delete(sandbox.name)
      }
    await slipway.close({ wait: true })
    if (!t.passed) return
  }
})
