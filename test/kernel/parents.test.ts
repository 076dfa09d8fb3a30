import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from 'slipway'
import type { ParentMessage } from '#lib/heal/parent-watch.js'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import type { Plan } from '#lib/plan/operation.js'
import { DualStackWorld, NEIGHBOUR } from '../helpers/dual-stack.js'
import { Peer } from '../helpers/peer.js'
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
  t.deepEqual(await answersTo(world.neighbour, addressesOn(app), 'brief'), ['no', 'no'])
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
    await slipway.close({ wait: true })
    ip('-n', world.host.name, 'link', 'delete', 'uplink')
    parentAgain(world)
    const again = await world.open()
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
  t.true(await eventually(async () => String(await answersTo(world.host, addressesOn(app), 'brief')) === 'yes,yes'))
})

/** What the channel says while the test runs. */
function messages(t: ExecutionContext): ParentMessage[] {
  const said: ParentMessage[] = []
  const hear = (message: unknown) => said.push(message as ParentMessage)
  subscribe('slipway:parent', hear)
  t.teardown(() => unsubscribe('slipway:parent', hear))
  return said
}

const works = async (world: World, sandbox: Sandbox): Promise<boolean> =>
  String(await answersTo(sandbox, Object.values(NEIGHBOUR), 'brief')) === 'yes,yes' &&
  String(await answersTo(world.host, addressesOn(sandbox), 'brief')) === 'yes,yes'

/** The kernel tells of a carrier up to a second later, of each link on another. */
const soonWorks = (world: World, sandbox: Sandbox) => eventually(() => works(world, sandbox), 10_000)

test.serial(
  'a parent that goes and comes back while Slipway is open: packets flow again, without another open()',
  async (t) => {
    const { world, slipway, app, beside, were } = await scene(t)
    const said = messages(t)
    const macs = [app, beside].map((sandbox) => linksIn(sandbox).at(-1)?.address)
    ip('-n', world.host.name, 'link', 'delete', 'uplink')
    t.true(await eventually(() => said.some(({ without }) => without.length > 0)))
    t.like(
      said.find(({ without }) => without.length > 0),
      { moved: ['uplink'], without: [{ network: 'lan', parent: 'uplink' }], healed: [], lost: [] },
    )
    await t.throwsAsync(world.create(slipway, 'late', { network: 'lan' }), { code: 'NOT_FOUND', message: /uplink/ })
    const other = await world.create(slipway, 'other')
    await t.throwsAsync(other.connect('lan'), { code: 'NOT_FOUND', message: /uplink/ })

    parentAgain(world)
    for (const sandbox of [app, beside]) t.true(await soonWorks(world, sandbox), sandbox.name)
    t.deepEqual([addressesOn(app), addressesOn(beside)], were)
    t.deepEqual(
      [app, beside].map((sandbox) => linksIn(sandbox).at(-1)?.address),
      macs,
    )
    const healed = said.flatMap((message) => message.healed)
    for (const name of [app.name, beside.name, 'network lan']) t.true(healed.includes(name), healed.join())
    t.deepEqual(
      said.flatMap(({ lost }) => lost),
      [],
    )
    await other.connect('lan')
    t.true(await soonWorks(world, other))
    t.deepEqual((await reopened(world, slipway)).reconciled.healed, [], 'then all is whole')
  },
)

test.serial('a parent that is made anew before anybody has looked, and so again and again', async (t) => {
  const { world, app, beside } = await scene(t)
  const said = messages(t)
  for (let time = 0; time < 8; time++) {
    ip('-n', world.host.name, 'link', 'delete', 'uplink')
    parentAgain(world)
  }
  for (const sandbox of [app, beside]) t.true(await soonWorks(world, sandbox), sandbox.name)
  t.true(said.length < 16, `${said.length} looks`)
})

/** Does something right before the first, or the second, link is made on the parent again. */
function beforeRemaking(t: ExecutionContext, which: number, deed: () => void): void {
  const { run } = Host.prototype
  let made = 0
  Host.prototype.run = function (this: Host, plan: Plan, options?: RunOptions) {
    const isMade = plan.some((operation) => operation.op === 'link.create' && operation.link === 'uplink')
    if (isMade && ++made === which) deed()
    return run.call(this, plan, options)
  }
  t.teardown(() => (Host.prototype.run = run))
}

for (const [what, which, comesBack] of [
  ["goes again before the host's link is made", 1, false],
  ["goes again before a sandbox's link is made", 2, false],
  ["is made anew before a sandbox's link is made", 2, true],
] as const) {
  test.serial(`a parent that ${what}: nothing is lost`, async (t) => {
    const { world, app, beside } = await scene(t)
    const said = messages(t)
    const gone = () => ip('-n', world.host.name, 'link', 'delete', 'uplink')
    beforeRemaking(t, which, () => {
      gone()
      if (comesBack) parentAgain(world)
    })
    gone()
    parentAgain(world)
    const isWithout = () => said.some(({ without }) => without.some(({ network }) => network === 'lan'))
    if (!comesBack) {
      t.true(await eventually(() => isWithout() && linksIn(app).length === 0))
      parentAgain(world)
    }
    for (const sandbox of [app, beside]) t.true(await soonWorks(world, sandbox), sandbox.name)
    t.deepEqual(
      said.flatMap(({ lost }) => lost),
      [],
    )
  })
}

test.serial('a parent that is renamed, and another link that gets its name', async (t) => {
  const { world, app } = await scene(t)
  ip('-n', world.host.name, 'link', 'set', 'uplink', 'down')
  ip('-n', world.host.name, 'link', 'set', 'uplink', 'name', 'former')
  ip('-n', world.host.name, 'link', 'delete', 'former')
  parentAgain(world)
  t.true(await soonWorks(world, app))
})

test.serial('of two processes that have the host open, one gives back what a parent took with it', async (t) => {
  const { world, slipway, app, beside } = await scene(t)
  await Peer.start(t, { netns: world.host.path, stateDir: world.stateDir })
  const more = await Promise.all(
    Array.from({ length: 6 }, (_, index) => world.create(slipway, `${index}`, { network: 'lan' })),
  )
  const said = messages(t)
  ip('-n', world.host.name, 'link', 'delete', 'uplink')
  parentAgain(world)
  for (const sandbox of [app, beside, ...more]) t.true(await soonWorks(world, sandbox), sandbox.name)
  for (const sandbox of [app, ...more]) t.is(linksIn(sandbox).length, 1)
  t.deepEqual(
    said.flatMap(({ lost }) => lost),
    [],
  )
  // A process that has only read of the network hears of it, too.
  await slipway.close({ wait: true })
  ip('-n', world.host.name, 'link', 'delete', 'uplink')
  parentAgain(world)
  for (const sandbox of [app, beside, ...more]) t.true(await soonWorks(world, sandbox), sandbox.name)
})

test.serial('a network that another process makes is listened for, and one that has gone is not', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  const said = messages(t)
  const peer = await Peer.start(t, { netns: world.host.path, stateDir: world.stateDir })
  await peer.call('createNetwork', {
    name: 'lan',
    driver: 'macvlan',
    subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' }],
    options: { parent: 'uplink' },
  })
  await peer.call('create', { name: world.name('app'), network: 'lan' })
  await peer.kill()
  // Told by the folder's being watched.
  t.true(
    await eventually(() => said.some(({ moved }) => moved.includes('uplink'))),
    'the network is looked at when it is first heard of',
  )
  ip('-n', world.host.name, 'link', 'delete', 'uplink')
  parentAgain(world)
  const app = await slipway.sandboxes.get(world.name('app'))
  t.true(await eventually(async () => String(await answersTo(world.neighbour, addressesOn(app), 'brief')) === 'yes'))
  await app.remove()
  await (await slipway.networks.get('lan')).remove()
  // What has been heard until now is looked at a quarter of a second later, at most.
  let before = -1
  for (; before !== said.length; await sleep(1000)) before = said.length
  ip('-n', world.host.name, 'link', 'delete', 'uplink')
  parentAgain(world)
  await slipway.networks.create({ name: 'next' })
  t.is(said.length, before)
})

test.serial('more news than there is room for: then it looks, as it cannot know what it has missed', async (t) => {
  const { world, app } = await scene(t)
  const { name } = world.host
  // The event loop stands still until all of it is said: the first fill the room.
  for (let index = 0; index < 150; index++)
    ip('-n', name, 'link', 'add', `v${index}`, 'type', 'veth', 'peer', 'name', `w${index}`)
  ip('-n', name, 'link', 'delete', 'uplink')
  parentAgain(world)
  t.true(await soonWorks(world, app))
})
