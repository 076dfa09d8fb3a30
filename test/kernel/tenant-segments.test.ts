import test, { type ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from 'slipway'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { addressesOn, answersTo, onSegment } from '../helpers/segment.js'
import { elements } from '../helpers/snapshot.js'
import { MARKED_PORT, Seen } from '../helpers/seen.js'
import { eventually, execIn, ip, ipJson, runIn, type Place, type World } from '../helpers/world.js'

/**
 * A sandbox's link on a segment is in its own hands, and no rule of the host is between it and the segment. What its
 * processes do to the link keeps neither disconnect() nor remove() from taking it off.
 */

/** By a shell inside. */
const DEEDS: Readonly<Record<string, string>> = {
  nothing: 'true',
  'the link down': 'ip link set eth1 down',
  'the link renamed': 'ip link set eth1 down; ip link set eth1 name x0; ip link set x0 up',
  'the link deleted': 'ip link delete eth1',
  'the link deleted, and a bridge by its name':
    'ip link delete eth1; ip link add eth1 type bridge; ip link set eth1 up',
  'another MAC': 'ip link set eth1 address 02:00:00:00:00:99',
  'addresses of its own':
    'ip address flush dev eth1; ip address add 192.0.2.200/24 dev eth1; ip -6 address add fd00:99::200/64 dev eth1 nodad',
  'addresses beside': 'ip address add 192.0.2.200/24 dev eth1; ip -6 address add fd00:99::200/64 dev eth1 nodad',
  'a macvlan of its own on the link': 'ip link add own link eth1 type macvlan mode bridge; ip link set own up',
  'routes flushed': 'ip route flush table main; ip -6 route flush table main',
}

/** All that a sandbox may have by its deeds, its own addresses included. */
const theirs = (addresses: readonly string[]) => [...addresses, '192.0.2.200', 'fd00:99::200']

async function claimsAreGone(t: ExecutionContext, world: World, what: string): Promise<void> {
  const left = () =>
    ['segments4', 'segments6', 'macs']
      .flatMap((set) => elements(world.host, set))
      .filter(({ key }) => key.startsWith('uplink'))
      .map(({ key }) => key)
  await eventually(() => left().length === 0)
  t.deepEqual(left(), [], what)
}

const macvlans = (place: Place): string[] =>
  ipJson<{ ifname: string; linkinfo?: { info_kind?: string }; link_index?: number }>(place, '-d', 'link')
    .filter(({ linkinfo, link_index }) => linkinfo?.info_kind === 'macvlan' && link_index !== undefined)
    .map(({ ifname }) => ifname)

async function isOff(t: ExecutionContext, world: World, place: Place, addresses: readonly string[], what: string) {
  // At once when the call returns: no waiting here.
  const fromOutside = answersTo(world.neighbour, theirs(addresses), 'brief')
  execIn(place, 'sh', '-c', 'for link in eth1 x0 own; do ip link set $link up 2>/dev/null; done; true')
  const fromInside = answersTo(place, ['192.0.2.9', 'fd00:99::9'], 'brief')
  t.deepEqual(
    await fromOutside,
    theirs(addresses).map(() => 'no'),
    `${what}: the neighbour reaches it no more`,
  )
  t.deepEqual(await fromInside, ['no', 'no'], `${what}: nor it the neighbour`)
  await eventually(() => macvlans(place).length === 0)
  t.deepEqual(macvlans(place), [], `${what}: its link is gone`)
}

interface Call {
  (slipway: Slipway, app: Sandbox): Promise<void>
}

const CALLS: Readonly<Record<string, Call>> = {
  disconnect: (_, app) => app.disconnect('lan'),
  'disconnect by an object that another open() has found': async (slipway, app) =>
    (await slipway.sandboxes.get(app.name)).disconnect('lan'),
  'remove, while a process of it lives': (_, app) => app.remove(),
}

for (const [name, call] of Object.entries(CALLS)) {
  test.serial(name, async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open()
    await onSegment(slipway)
    // By which nothing leads to the neighbour.
    await slipway.networks.create({ name: 'inner', internal: true })
    const later = await world.open()
    for (const [index, [deed, text]] of Object.entries(DEEDS).entries()) {
      const app = await world.create(slipway, `app${index}`, { network: 'inner' })
      await app.connect('lan')
      const addresses = addressesOn(app)
      const process = app.spawn('sleep', ['60'], { stdio: 'ignore' })
      t.teardown(() => process.kill('SIGKILL'))
      const place = { name: app.name, path: `/proc/${process.pid}/ns/net` }
      execIn(place, 'sh', '-c', text)
      await t.notThrowsAsync(call(later, app), deed)
      await isOff(t, world, place, addresses, deed)
      process.kill('SIGKILL')
      if (!name.startsWith('remove')) await app.remove()
    }
    // After a second, where processes live on: once for all.
    await claimsAreGone(t, world, name)
    await (await slipway.networks.get('lan')).remove()
  })
}

test.serial('a sandbox that renames its link all the time is off the segment when disconnect() returns', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await onSegment(slipway)
  await slipway.networks.create({ name: 'inner', internal: true })
  for (let round = 0; round < 5; round++) {
    const app = await world.create(slipway, `app${round}`, { network: 'inner' })
    await app.connect('lan')
    const addresses = addressesOn(app)
    // It ends by itself, should this process be killed.
    const script = 'for n in $(seq 1000); do ip link set eth1 name x0; ip link set x0 name eth1; done 2> /dev/null'
    const restless = app.spawn('sh', ['-c', script], { stdio: 'ignore' })
    t.teardown(() => restless.kill('SIGKILL'))
    t.true(await eventually(() => execIn(app, 'ip', '-o', 'link').includes('x0')), 'it does')
    await t.notThrowsAsync(app.disconnect('lan'))
    t.deepEqual(await answersTo(world.neighbour, addresses, 'brief'), ['no', 'no'])
    t.true(await eventually(() => macvlans(app).length === 0), 'its link is gone')
    restless.kill('SIGKILL')
    await app.remove()
  }
})

/** Renames a link as soon as it is there: SIOCSIFNAME, which is asked for again and again. Ends after a minute. */
const RENAMES = `
import fcntl, socket, struct, time
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
request = struct.pack('16s16s8x', b'eth1', b'x0')
end = time.monotonic() + 60
while time.monotonic() < end:
    try: fcntl.ioctl(asking, 0x8923, request)
    except OSError: pass
`

test.serial(
  'a sandbox that renames its link in the moment in which it comes is connected, and off again',
  async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open()
    await onSegment(slipway)
    await slipway.networks.create({ name: 'inner', internal: true })
    const app = await world.create(slipway, 'app', { network: 'inner' })
    const hasty = app.spawn('python3', ['-c', RENAMES], { stdio: 'ignore' })
    t.teardown(() => hasty.kill('SIGKILL'))
    let renamed = 0
    for (let round = 0; round < 20; round++) {
      await t.notThrowsAsync(app.connect('lan'))
      if (macvlans(app).includes('x0')) renamed++
      t.is(macvlans(app).length, 1)
      t.deepEqual(await answersTo(world.neighbour, addressesOn(app)), ['yes', 'yes'])
      await app.disconnect('lan')
      t.true(await eventually(() => macvlans(app).length === 0), 'its link is gone')
    }
    t.true(renamed > 0, 'it was fast enough')
  },
)

test.serial('a sandbox that makes one link from another all the time has none when remove() returns', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await onSegment(slipway)
  const app = await world.create(slipway, 'app', { network: 'lan' })
  const script =
    'last=eth0; for n in $(seq 100); do ip link add l$n link $last type macvlan mode bridge && last=l$n; done 2> /dev/null; exec sleep 60'
  const restless = app.spawn('sh', ['-c', script], { stdio: 'ignore' })
  t.teardown(() => restless.kill('SIGKILL'))
  t.true(await eventually(() => macvlans(app).length > 3), 'it does')
  const place = { name: app.name, path: `/proc/${restless.pid}/ns/net` }
  const addresses = addressesOn(app)
  await app.remove()
  t.deepEqual(macvlans(place), [])
  t.deepEqual(
    await answersTo(world.neighbour, addresses, 'brief'),
    addresses.map(() => 'no'),
  )
})

test.serial(
  'one of two networks of a parent goes: the link of the other stays, whatever both are called',
  async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open()
    await onSegment(slipway)
    await onSegment(slipway, { name: 'twin' })
    for (const [index, text] of [
      'true',
      'ip link set eth0 down; ip link set eth0 name x0; ip link set eth1 down; ip link set eth1 name eth0; ip link set x0 name eth1; ip link set eth0 up; ip link set eth1 up',
      'ip link add own link eth0 type macvlan mode bridge; ip link set own up',
    ].entries()) {
      for (const [goes, stays] of [
        ['lan', 'twin'],
        ['twin', 'lan'],
      ] as const) {
        const app = await world.create(slipway, `app${index}${goes}`, { network: 'lan' })
        await app.connect('twin')
        execIn(app, 'sh', '-c', text)
        const mac = app.endpoints.find(({ network }) => network === stays)?.mac
        await app.disconnect(goes)
        t.true(await eventually(() => macvlans(app).length === 1), text)
        t.deepEqual(
          ipJson<{ address: string; ifname: string }>(app, 'link')
            .filter(({ ifname }) => ifname !== 'lo')
            .map(({ address }) => address),
          [mac],
          text,
        )
        await app.remove()
      }
    }
  },
)

test.serial(
  'a link that a sandbox has moved keeps its MAC on the segment: what is asked for says so, and others get other addresses',
  async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open()
    await onSegment(slipway, {
      ipv6: false,
      subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.144/30' }],
    })
    const app = await world.create(slipway, 'app', { network: 'lan', ip: '192.0.2.144' })
    const away = world.name('away')
    ip('netns', 'add', away)
    execIn(app, 'ip', 'link', 'set', 'eth0', 'netns', away)
    ip('-n', away, 'link', 'set', 'eth0', 'up')
    await app.remove()
    await claimsAreGone(t, world, 'removed')

    const refused = { code: 'ADDRESS_IN_USE', message: /parent uplink .*192\.0\.2\.144.*lsns/ }
    await t.throwsAsync(world.create(slipway, 'next', { network: 'lan', ip: '192.0.2.144' }), refused)
    await claimsAreGone(t, world, 'nothing stays')
    t.deepEqual(world.namespaces(), [away, world.host.name, world.neighbour.name].sort())
    const inner = await world.create(slipway, 'inner')
    await t.throwsAsync(inner.connect('lan', { ip: '192.0.2.144' }), refused)
    t.deepEqual(macvlans(inner), [])

    for (const [index, address] of ['192.0.2.145', '192.0.2.146', '192.0.2.147'].entries())
      t.deepEqual(addressesOn(await world.create(slipway, `app${index}`, { network: 'lan' })), [address])
    await t.throwsAsync(world.create(slipway, 'last', { network: 'lan' }), refused, 'no other address is left')
    ip('netns', 'delete', away)
    t.true(
      await eventually(async () =>
        world.create(slipway, 'last', { network: 'lan' }).then(
          (last) => String(addressesOn(last)) === '192.0.2.144',
          () => false,
        ),
      ),
      'once the link is gone, its address is free',
    )
  },
)

test.serial('a namespace of somebody else keeps the macvlan that it has of the same parent', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await onSegment(slipway)
  const name = world.name('theirs')
  ip('netns', 'add', name)
  const place = { name, path: `/run/netns/${name}` }
  ip('-n', world.host.name, 'link', 'add', 'mine', 'link', 'uplink', 'netns', name, 'type', 'macvlan', 'mode', 'bridge')
  const app = await world.create(slipway, 'app', { netns: place.path, network: 'lan' })
  t.deepEqual(macvlans(place).sort(), ['eth0', 'mine'])
  await app.disconnect('lan')
  t.true(await eventually(() => macvlans(place).length === 1))
  await app.connect('lan')
  await app.remove()
  t.true(await eventually(() => macvlans(place).length === 1))
  t.deepEqual(macvlans(place), ['mine'])
})

/** What a tenant may try to hear others by, and whether the kernel lets it. */
const WAYS: Readonly<Record<string, { text: (sibling: string) => string; allowed: boolean }>> = {
  'takes all frames': { text: () => 'ip link set eth0 promisc on allmulticast on', allowed: true },
  'takes the MAC of another': { text: (sibling) => `ip link set eth0 address ${sibling}`, allowed: false },
  'has the parent to itself': { text: () => 'ip link set eth0 type macvlan mode passthru', allowed: false },
  'is in another mode': { text: () => 'ip link set eth0 type macvlan mode vepa', allowed: true },
  'makes a link of its own with the MAC of another': {
    text: (sibling) => `ip link add own link eth0 address ${sibling} type macvlan && ip link set own up`,
    allowed: false,
  },
}

// docs/security.md says by which it can: no test is to hold that.
test.serial('a tenant does not hear what a neighbour sends to another sandbox by any of these ways', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await onSegment(slipway)
  const other = await world.create(slipway, 'other', { network: 'lan' })
  const [mac = '', [address = '']] = [other.endpoints[0]?.mac, addressesOn(other)]
  const inside = new Seen(other)
  for (const [index, [way, { text, allowed }]] of Object.entries(WAYS).entries()) {
    const app = await world.create(slipway, `app${index}`, { network: 'lan' })
    const seen = new Seen(app)
    const tried = await runIn(app, 'sh', '-c', `(${text(mac)}) 2> /dev/null`)
    t.is(tried.code === 0, allowed, way)
    inside.begin()
    seen.begin()
    const port = String(MARKED_PORT)
    execIn(world.neighbour, 'python3', '-c', SENDS, address, port)
    t.is(await inside.reaches(1), 1, way)
    t.is(seen.count(), 0, way)
    execIn(world.neighbour, 'python3', '-c', SENDS, addressesOn(app)[0] ?? '', port)
    t.is(await seen.reaches(1), 1, `${way}: it hears what is its own`)
    await app.remove()
  }
})

const SENDS = `
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', (sys.argv[1], int(sys.argv[2])))
`
