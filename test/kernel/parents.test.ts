import test, { type ExecutionContext } from 'ava'
import type { Slipway } from 'slipway'
import { DualStackWorld, NEIGHBOUR } from '../helpers/dual-stack.js'
import { addressesOn, answersTo, linksIn, onSegment } from '../helpers/segment.js'
import { eventually, ip, ipJson, type World } from '../helpers/world.js'

/** A parent is its owner's: it may be down, and it may go and come back. */

const SHIM = { options: { host_shim: 'true' } }

/** As whoever has it brings it up again: by the same name, with other numbers. */
function parentAgain({ host, neighbour }: World): void {
  const [inHost, inNeighbour] = [host.name, neighbour.name]
  ip('link', 'add', 'uplink', 'netns', inHost, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', inNeighbour)
  for (const [place, link, addresses] of [
    [inHost, 'uplink', ['192.0.2.1/24', 'fd00:99::1/64']],
    [inNeighbour, 'eth0', ['192.0.2.9/24', 'fd00:99::9/64']],
  ] as const) {
    for (const address of addresses)
      ip('-n', place, 'address', 'add', address, 'dev', link, ...(address.includes(':') ? ['nodad'] : []))
    ip('-n', place, 'link', 'set', link, 'up')
  }
}

test.serial('a parent that is down when network and sandbox are made: they work once it is up', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  ip('-n', world.host.name, 'link', 'set', 'uplink', 'down')
  await onSegment(slipway, SHIM)
  const app = await world.create(slipway, 'app', { network: 'lan' })
  const beside = await world.create(slipway, 'beside')
  await beside.connect('lan')
  t.deepEqual(await answersTo(world.neighbour, addressesOn(app)), ['no', 'no'])
  ip('-n', world.host.name, 'link', 'set', 'uplink', 'up')
  for (const sandbox of [app, beside]) {
    t.deepEqual(await answersTo(world.neighbour, addressesOn(sandbox)), ['yes', 'yes'])
    t.deepEqual(await answersTo(world.host, addressesOn(sandbox)), ['yes', 'yes'])
  }
})

async function scene(t: ExecutionContext) {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await onSegment(slipway, SHIM)
  const app = await world.create(slipway, 'app', { network: 'lan' })
  const beside = await world.create(slipway, 'beside')
  await beside.connect('lan')
  return { world, slipway, app, beside, were: [addressesOn(app), addressesOn(beside)] }
}

const reopened = async (world: World, slipway: Slipway): Promise<Slipway> => {
  await slipway.close({ wait: true })
  return world.open()
}

test.serial(
  'a parent that has gone: sandboxes and network can be removed, and nothing new is made on it',
  async (t) => {
    const { world, slipway, app, beside } = await scene(t)
    ip('-n', world.host.name, 'link', 'delete', 'uplink')
    t.deepEqual(linksIn(app), [], 'the kernel takes the links along')
    await t.throwsAsync(world.create(slipway, 'late', { network: 'lan' }), { code: 'NOT_FOUND', message: /uplink/ })
    const again = await reopened(world, slipway)
    await t.throwsAsync(world.create(again, 'late', { network: 'lan' }), { code: 'NOT_FOUND', message: /uplink/ })
    await (await again.sandboxes.get(beside.name)).disconnect('lan')
    await (await again.sandboxes.get(app.name)).remove()
    await (await again.networks.get('lan')).remove()
    await (await again.sandboxes.get(beside.name)).remove()
    t.deepEqual(await again.sandboxes.list(), [])
  },
)

test.serial(
  'a parent that is back: open() gives sandboxes their links again, with the same addresses and MACs',
  async (t) => {
    const { world, slipway, app, beside, were } = await scene(t)
    const macs = [app, beside].map(({ endpoints }) => endpoints.find(({ network }) => network === 'lan')?.mac)
    ip('-n', world.host.name, 'link', 'delete', 'uplink')
    parentAgain(world)
    const again = await reopened(world, slipway)
    const healed = again.reconciled.healed.join('\n')
    for (const name of [app.name, beside.name, 'lan']) t.true(healed.includes(name), healed)
    for (const [index, { name }] of [app, beside].entries()) {
      const sandbox = await again.sandboxes.get(name)
      t.deepEqual(addressesOn(sandbox), were[index])
      t.is(linksIn(sandbox).at(-1)?.address, macs[index])
      t.deepEqual(await answersTo(sandbox, Object.values(NEIGHBOUR)), ['yes', 'yes'], name)
      t.deepEqual(await answersTo(world.host, addressesOn(sandbox)), ['yes', 'yes'], name)
    }
    t.deepEqual((await reopened(world, again)).reconciled.healed, [], 'then all is whole')
  },
)

test.serial('a parent that is back: the next sandbox is made on it, without another open()', async (t) => {
  const { world, slipway } = await scene(t)
  ip('-n', world.host.name, 'link', 'delete', 'uplink')
  parentAgain(world)
  const next = await world.create(slipway, 'next', { network: 'lan' })
  t.deepEqual(await answersTo(next, Object.values(NEIGHBOUR)), ['yes', 'yes'])
  t.deepEqual(await answersTo(world.host, addressesOn(next)), ['yes', 'yes'])
})

test.serial("the host's own link that somebody has deleted is back with the next open()", async (t) => {
  const { world, slipway, app } = await scene(t)
  const shim =
    ipJson<{ ifname: string }>(world.host, 'link').find(({ ifname }) => ifname.startsWith('sh-'))?.ifname ?? ''
  ip('-n', world.host.name, 'link', 'delete', shim)
  const again = await reopened(world, slipway)
  t.regex(again.reconciled.healed.join('\n'), /lan/)
  t.true(await eventually(async () => String(await answersTo(world.host, addressesOn(app))) === 'yes,yes'))
})
