import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'
import { isAsBefore, settled, without } from '../helpers/snapshot.js'
import { eventually, execIn, ip, ipJson, World, type Place } from '../helpers/world.js'

/** Sandboxes that share a namespace, or have one of somebody else's: who goes first, and what stays. */

const NETWORK = { name: 'web', subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }] }

const links = (place: Place) => ipJson<{ ifname: string }>(place, 'link').map(({ ifname }) => ifname)
// Others' tests run beside, in the same mount namespace.
const mounts = (world: World) =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`/${world.name('')}`)).length

test.serial('the owner goes first: its interfaces go, the namespace stays for those who share it', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create(NETWORK)
  await (await world.create(slipway, 'stays', { publish: ['5000:50/udp'] })).publish('5001:51/udp')
  const before = await settled(world)
  const mounted = mounts(world)
  const owner = await world.create(slipway, 'owner', { network: 'web', publish: ['8080:80', '8081:81/udp'] })
  await owner.connect('bridge')
  const sides = [
    await world.create(slipway, 'a', { network: `container:${owner.name}` }),
    await world.create(slipway, 'b', { network: `container:${owner.id}` }),
  ]
  t.deepEqual(links(sides[0] as Place), ['lo', 'eth0', 'eth1'])
  await owner.remove()
  // The kernel's part of it takes a moment.
  t.true(await eventually(() => links(sides[0] as Place).length === 1))
  for (const side of sides) t.deepEqual(links(side), ['lo'])
  // The name is free at once, for another namespace.
  const again = await world.create(slipway, 'owner', { network: 'web', publish: ['8080:80'] })
  t.deepEqual(links(sides[1] as Place), ['lo'])
  t.deepEqual((await world.open()).reconciled.collected, [])
  for (const one of [...sides, again]) await one.remove()
  await isAsBefore(t, world, without(before, 'descriptors'))
  t.is(mounts(world), mounted)
})

test.serial('who has joined goes first, and the owner works on', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const owner = await world.create(slipway, 'owner', { publish: ['8080:80'] })
  const before = await settled(world)
  const sides = await Promise.all(
    ['a', 'b', 'c'].map((name) => world.create(slipway, name, { network: `container:${owner.name}` })),
  )
  await Promise.all(sides.map((side) => side.remove()))
  await isAsBefore(t, world, before)
  t.deepEqual(links(owner), ['lo', 'eth0'])
})

test.serial('a joiner is not joined, and names the one to join', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const owner = await world.create(slipway, 'owner')
  const side = await world.create(slipway, 'side', { network: `container:${owner.name}` })
  const before = await settled(world)
  await t.throwsAsync(world.create(slipway, 'more', { network: `container:${side.name}` }), {
    code: 'INVALID_ARGUMENT',
    message: new RegExp(owner.id),
  })
  await isAsBefore(t, world, before)
})

test.serial('the host joined by name: it outlives whoever goes last', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const before = await settled(world)
  const h = await world.create(slipway, 'h', { network: 'host' })
  const side = await world.create(slipway, 'side', { network: `container:${h.name}` })
  t.true(links(side).includes('uplink'))
  await h.remove()
  await side.remove()
  t.true(existsSync(world.host.path))
  await isAsBefore(t, world, before)
})

test.serial('network none joined: loopback, shared', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const before = await settled(world)
  const n = await world.create(slipway, 'n', { network: 'none' })
  const side = await world.create(slipway, 'side', { network: `container:${n.name}` })
  await n.remove()
  t.deepEqual(links(side), ['lo'])
  await side.remove()
  await isAsBefore(t, world, before)
})

for (const kind of ['of ip netns', 'of a process'] as const) {
  test.serial(`a namespace ${kind}: joined by another, left as it was`, async (t) => {
    const world = new World(t)
    const slipway = await world.open()
    await slipway.networks.create(NETWORK)
    // Opens the socket of conntrack, too, which stays.
    await world.create(slipway, 'stays', { publish: ['5000:50/udp'] })
    const { place } = makeTheirs(t, world, kind)
    execIn(place, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth9')
    execIn(place, 'ip', 'link', 'set', 'eth0', 'name', 'mine')
    const own = links(place)
    const before = await settled(world)
    const app = await world.create(slipway, 'app', { netns: place.path, network: 'web', publish: ['8080:80'] })
    await app.connect('bridge')
    const side = await world.create(slipway, 'side', { network: `container:${app.name}` })
    t.deepEqual(links(side), [...own, 'eth0', 'eth1'])
    await app.remove()
    await eventually(() => links(side).length === own.length)
    t.deepEqual(links(side), own)
    await side.remove()
    t.deepEqual(links(place), own)
    await isAsBefore(t, world, before)
  })
}

test.serial('the process of a namespace ends first: what is left of the sandbox can be removed', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create(NETWORK)
  await world.create(slipway, 'stays', { publish: ['5000:50/udp'] })
  const before = await settled(world)
  for (const call of ['remove', 'disconnect'] as const) {
    const { place, end } = makeTheirs(t, world, 'of a process')
    const app = await world.create(slipway, 'app', { netns: place.path, network: 'web', publish: ['8080:80'] })
    await app.connect('bridge')
    const hostLinks = app.endpoints.map(({ hostInterface }) => hostInterface)
    await end()
    t.true(await eventually(() => !links(world.host).some((name) => hostLinks.includes(name))))
    if (call === 'disconnect') await app.disconnect('bridge')
    await app.remove()
    await isAsBefore(t, world, before, call)
  }
})

/** A namespace that is none of ours. */
function makeTheirs(
  t: { teardown: (work: () => void) => void },
  world: World,
  kind: 'of ip netns' | 'of a process',
): { place: Place; end: () => Promise<void> } {
  const name = world.name('theirs')
  if (kind === 'of ip netns') {
    ip('netns', 'add', name)
    return { place: { name, path: `/run/netns/${name}` }, end: async () => void ip('netns', 'delete', name) }
  }
  const process = spawn('unshare', ['--net', 'sleep', '60'], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => process.on('close', () => resolve()))
  t.teardown(() => process.kill())
  const path = `/proc/${process.pid}/ns/net`
  while (readFileSync(`/proc/${process.pid}/comm`, 'utf8') !== 'sleep\n') execIn(world.host, 'sleep', '0.01')
  return {
    place: { name, path },
    async end() {
      process.kill('SIGKILL')
      await ended
    },
  }
}
