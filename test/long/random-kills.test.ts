import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from 'slipway'
import { dice } from '../helpers/dice.js'
import { World } from '../helpers/world.js'
import { Connections } from '../kills/connections.js'
import type { Facts, Step } from '../kills/random-life.js'
import { NEVER, Victims, type Victim } from '../kills/victims.js'
import { kernelIsAsListed } from '../env/invariants.js'

/**
 * Two processes change sandboxes and networks at random, and are killed at a random moment; sometimes, so is the one
 * that opens the host after them. What was done is there, what was refused is not, and what was under way is one or the
 * other. SLIPWAY_ROUNDS and SLIPWAY_SEED in the environment ask for more rounds, and for one round again.
 */

const ROUNDS = Number(process.env['SLIPWAY_ROUNDS'] ?? 500)
const SEED = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000_000)
/** A host of its own for so many rounds: what is left of one is there in the next. */
const ROUNDS_OF_HOST = 40

/** What was said of one name. */
interface Known {
  facts: Facts | null
  /** What was under way. */
  op?: string
}

const stepsIn = (said: readonly string[]) =>
  said.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Step)

/** @param known - As of the rounds before. */
function learn(known: Map<string, Known>, said: readonly string[]): void {
  for (const { name, op, state, after } of stepsIn(said)) {
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

/** Kills a process after so many milliseconds, where it was not told to end before. @returns what it has said. */
async function killed(victim: Victim, milliseconds: number): Promise<string[]> {
  await victim.opened
  await sleep(milliseconds)
  victim.kill()
  return (await victim.death).said
}

/** Where two processes are killed, round after round. */
class Host {
  readonly world: World
  readonly known = new Map<string, Known>()
  readonly open: { netns: string; stateDir: string }
  readonly connections: Connections

  private constructor(t: ExecutionContext, world: World, peer: Sandbox) {
    this.world = world
    this.open = { netns: world.host.path, stateDir: world.stateDir }
    this.connections = new Connections(t, world, peer)
  }

  static async make(t: ExecutionContext): Promise<Host> {
    const world = new World(t)
    const slipway = await world.open()
    const host = new Host(t, world, await world.create(slipway, 'peer'))
    host.known.set(world.name('peer'), { facts: { networks: ['bridge'], ports: [] } })
    await slipway.close({ wait: true })
    return host
  }
}

test.serial(`${ROUNDS} rounds, from seed ${SEED}`, async (t) => {
  t.timeout(ROUNDS * 20_000)
  const victims = new Victims(t, 3)
  let host = await Host.make(t)
  for (let round = 0; round < ROUNDS; round++) {
    const seed = SEED + round
    const steps: string[] = []
    const what = `SLIPWAY_SEED=${seed}`
    const roll = dice(seed)
    if (round % ROUNDS_OF_HOST === 0 && round > 0) host = await Host.make(t)
    const { world, known, open, connections } = host
    const processes = [0, 1].map((number) =>
      victims.start({
        open: roll(2) === 0 ? open : { ...open, pool: { size: 3 } },
        life: { prefix: `${world.prefix}-${round}-${number}`, port: 8000 + number * 100, seed: seed * 10 + number * 5 },
        // One way or the other: in place of a call, or at any moment.
        before: roll(2) === 0 ? 1 + roll(300) : NEVER,
        from: 'call',
      }),
    ) as [Victim, Victim]
    const said = await killed(processes[0], roll(150))
    // The other may have seen it die.
    for (const some of [said, await killed(processes[1], roll(2) * roll(150))]) {
      learn(known, some)
      steps.push(...some)
    }
    if (roll(3) === 0) {
      const { killed: call } = await victims.run({ open, before: 1 + roll(40), from: 'open' })
      steps.push(`the next that opens the host: killed before ${call}`)
    }
    const slipway = await world.open()
    const there = await found(slipway)
    isAsKnown(t, known, there, what)
    await kernelIsAsListed(t, world, slipway, what)
    await connections.reach(t, await slipway.sandboxes.list(), what)
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
    const sandboxes = await slipway.sandboxes.list()
    const leaving = sandboxes.filter(({ name }) => name !== world.name('peer') && roll(2) === 0)
    connections.leave(sandboxes.filter((sandbox) => !leaving.includes(sandbox)))
    for (const sandbox of leaving) {
      await sandbox.remove()
      known.delete(sandbox.name)
    }
    await slipway.close({ wait: true })
    if (!t.passed) {
      t.log(steps.join('\n'))
      return
    }
  }
})
