import test, { type ExecutionContext } from 'ava'
import { addressesOn, answersTo } from '../helpers/segment.js'
import { readFiles } from '../helpers/snapshot.js'
import { eventually, ipJson, World } from '../helpers/world.js'
import { howItEnded, runChild, WELL } from './run-child.js'
import { elementsOf } from './whole.js'

/**
 * A process that is killed while it makes, connects, disconnects or removes sandboxes on a segment, or their network:
 * what the next open() finds is whole, and all of it can be removed.
 */

const linksOf = (world: World): string[] =>
  ipJson<{ ifname: string }>(world.host, 'link')
    .map(({ ifname }) => ifname)
    .filter((name) => !['lo', 'uplink', 'docker0'].includes(name))

const claimsOf = (world: World): string[] =>
  ['segments4', 'segments6', 'macs']
    .flatMap((set) => elementsOf(world, set).map(({ key }) => key))
    .filter((key) => key.startsWith('uplink'))

async function recovers(t: ExecutionContext, world: World, what: string): Promise<void> {
  const slipway = await world.open()
  t.deepEqual(slipway.reconciled.lost, undefined, what)
  for (const sandbox of await slipway.sandboxes.list()) {
    const addresses = addressesOn(sandbox)
    t.deepEqual(
      await answersTo(world.neighbour, addresses),
      addresses.map(() => 'yes'),
      what,
    )
    t.deepEqual(
      await answersTo(world.host, addresses),
      addresses.map(() => 'yes'),
      what,
    )
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

// Each with the step in which its calls are met in one run.
for (const [call, step] of [
  ['sendto', 7],
  ['rename', 1],
  ['linkat', 1],
  ['unlink', 1],
] as const) {
  test.serial(`killed before each ${call}`, async (t) => {
    for (let time = 1 + Math.floor(Math.random() * step); time <= 400; time += step) {
      const world = new World(t)
      const under = [
        'strace',
        '-f',
        '-qqq',
        '-o',
        '/dev/null',
        '-e',
        `trace=${call}`,
        '-e',
        'signal=none',
        '-e',
        `inject=${call}:signal=SIGKILL:when=${time}`,
      ]
      const open = { netns: world.host.path, stateDir: world.stateDir }
      const ended = await runChild('segmentLife', { open, prefix: world.prefix }, { under })
      if (ended.said.includes('done')) {
        t.like(howItEnded(ended), WELL)
        t.true(time > 2, `only ${time - 1} calls were seen`)
        return
      }
      t.is(ended.signal, 'SIGKILL', ended.stderr)
      await recovers(t, world, `${call} ${time}`)
    }
    t.fail('more calls are made than were tried')
  })
}
