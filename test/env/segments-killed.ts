import type { ExecutionContext } from 'ava'
import type { CreateNetworkOptions } from 'slipway'
import { injected } from '../helpers/injected.js'
import { addressesOn, answersTo, routesIn } from '../helpers/segment.js'
import { readFiles } from '../helpers/snapshot.js'
import type { Moments } from '../helpers/thorough.js'
import { eventually, ipJson, type World } from '../helpers/world.js'
import { howItEnded, runChild, WELL } from './run-child.js'
import { elementsOf } from './whole.js'

/** Processes that are killed at work on a network on a segment, and what the next one finds. */

export interface Killed {
  network: CreateNetworkOptions
  world: (t: ExecutionContext) => World
  /** Whether its sandboxes are reached from the neighbour, and from the host. */
  reached: { neighbour: boolean; host: boolean }
  /** What its sandboxes have for a default route. */
  routes?: string[]
  /** The default route is the only way out: nobody is reached on the segment itself. */
  routed?: boolean
}

const linksOf = (world: World): string[] =>
  ipJson<{ ifname: string }>(world.host, 'link')
    .map(({ ifname }) => ifname)
    .filter((name) => !['lo', 'uplink', 'docker0'].includes(name))

const claimsOf = (world: World): string[] =>
  ['segments4', 'segments6', 'macs']
    .flatMap((set) => elementsOf(world, set).map(({ key }) => key))
    .filter((key) => !key.startsWith('docker0'))

/** What is found is whole, and all of it can be removed. */
export async function recovers(
  t: ExecutionContext,
  world: World,
  { reached, routes, routed = false }: Pick<Killed, 'reached' | 'routes' | 'routed'>,
  what: string,
): Promise<void> {
  const slipway = await world.open()
  t.deepEqual(slipway.reconciled.lost, undefined, what)
  for (const sandbox of await slipway.sandboxes.list()) {
    const addresses = addressesOn(sandbox)
    // One that is on a bridge, too, has its default route there: what it answers leaves by that.
    const leads = sandbox.name.endsWith('-app')
    for (const place of ['neighbour', 'host'] as const) {
      const answers = reached[place] && (leads || !routed)
      t.deepEqual(
        await answersTo(world[place], addresses, answers ? 'patient' : 'brief'),
        addresses.map(() => (answers ? 'yes' : 'no')),
        `${what}: ${sandbox.name} from the ${place}`,
      )
    }
    if (routes && leads) t.deepEqual(routesIn(sandbox), routes, what)
    await t.notThrowsAsync(sandbox.remove(), what)
  }
  for (const network of (await slipway.networks.list()).filter(({ userDefined }) => userDefined))
    await t.notThrowsAsync(network.remove(), what)
  await eventually(() => linksOf(world).length + claimsOf(world).length === 0)
  t.deepEqual([linksOf(world), claimsOf(world)], [[], []], what)
  t.deepEqual(
    world.namespaces().filter((name) => ![world.host.name, world.neighbour.name].includes(name)),
    [],
    what,
  )
  t.deepEqual(
    Object.keys(readFiles(world.stateDir)).filter((path) => path.endsWith('.json')),
    [],
    what,
  )
  await slipway.close({ wait: true })
}

/** Kills a process before some of its calls, until it comes to its end. */
export async function killedBefore(
  t: ExecutionContext,
  call: string,
  { first, step }: Moments,
  killed: Killed,
): Promise<void> {
  for (let time = first; time <= 400; time += step) {
    const world = killed.world(t)
    const under = injected(call, `signal=SIGKILL:when=${time}`)
    const open = { netns: world.host.path, stateDir: world.stateDir }
    const ended = await runChild('segmentLife', { open, prefix: world.prefix, networks: [killed.network] }, { under })
    if (ended.said.includes('done')) {
      t.like(howItEnded(ended), WELL)
      t.true(time > 2, `only ${time - 1} calls were seen`)
      return
    }
    t.is(ended.signal, 'SIGKILL', ended.stderr)
    await recovers(t, world, killed, `${call} ${time}`)
  }
  t.fail('more calls are made than were tried')
}
