import { readdirSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { OpenOptions } from 'slipway'
import { inOtherProcess } from '../helpers/other-process.js'
import { elements, isAsBefore, readFiles, snapshot, without } from '../helpers/snapshot.js'
import { fetchFrom, serveTcp } from '../helpers/traffic.js'
import { HOST_ADDRESS, ip, ipJson, setSysctl, World, type Place } from '../helpers/world.js'

/** What calls make of the kernel, as ip(8) and nft(8) see it. */

interface Link {
  ifname: string
  address: string
  mtu: number
  flags: string[]
  group: string
  master?: string
  ifalias?: string
  num_tx_queues: number
  num_rx_queues: number
}

interface Addresses {
  ifname: string
  addr_info: { family: string; local: string; prefixlen: number; broadcast?: string }[]
}

interface Route {
  dst: string
  gateway?: string
  dev: string
}

const link = (place: Place, name: string): Link => {
  const [found] = ipJson<Link>(place, '-d', 'link', 'show', name)
  if (!found) throw new Error(`${place.name} has no link ${name}`)
  return found
}

const addresses = (place: Place): string[] =>
  ipJson<Addresses>(place, 'address').flatMap(({ ifname, addr_info }) =>
    addr_info.map(
      ({ local, prefixlen, broadcast }) =>
        `${ifname} ${local}/${prefixlen}${broadcast ? ` broadcast ${broadcast}` : ''}`,
    ),
  )

const routes = (place: Place): string[] =>
  ipJson<Route>(place, 'route').map(({ dst, gateway, dev }) => `${dst}${gateway ? ` via ${gateway}` : ''} dev ${dev}`)

async function setUp(t: ExecutionContext, options: OpenOptions = {}) {
  const world = new World(t)
  return { world, host: world.host, slipway: await world.open(options) }
}

test.serial('open alone makes nothing', async (t) => {
  const world = new World(t)
  const before = snapshot(world)
  await world.open()
  await isAsBefore(t, world, without(before, 'descriptors'))
})

test.serial('the first sandbox brings the bridge', async (t) => {
  const { world, host, slipway } = await setUp(t)
  await world.create(slipway, 'app')
  const bridge = link(host, 'docker0')
  t.like(bridge, {
    address: '02:42:ac:11:00:01',
    mtu: 1500,
    ifalias: `slipway network bridge, records in ${world.stateDir}`,
  })
  t.true(bridge.flags.includes('UP'))
  t.deepEqual(
    addresses(host).filter((line) => line.startsWith('docker0')),
    ['docker0 172.17.0.1/16 broadcast 172.17.255.255'],
  )
  t.true(routes(host).includes('172.17.0.0/16 dev docker0'))
  t.deepEqual(elements(host, 'bridges'), [{ key: 'docker0', comment: 'bridge' }])
  t.deepEqual(elements(host, 'same_network4'), [{ key: '172.17.0.0/16 . docker0', comment: 'bridge' }])
  t.deepEqual(elements(host, 'icc'), [{ key: 'docker0 . docker0', comment: 'bridge' }])
  t.deepEqual(elements(host, 'masqueraded4'), [{ key: 'docker0', comment: 'bridge' }])
})

test.serial('a sandbox: its links, addresses and routes', async (t) => {
  const { world, host, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app')
  const [endpoint] = app.endpoints
  t.like(endpoint, {
    network: 'bridge',
    interface: 'eth0',
    mac: '02:42:ac:11:00:02',
    addresses: ['172.17.0.2/16'],
    gateway: '172.17.0.1',
  })
  t.is(app.path, `/run/netns/${app.name}`)

  const inside = link(app, 'eth0')
  t.like(inside, { address: '02:42:ac:11:00:02', mtu: 1500, num_tx_queues: 1, num_rx_queues: 1 })
  t.true(inside.flags.includes('UP'))
  t.true(link(app, 'lo').flags.includes('UP'))
  // No IPv6 link-local address: only loopback's own.
  t.deepEqual(addresses(app), ['lo 127.0.0.1/8', 'lo ::1/128', 'eth0 172.17.0.2/16 broadcast 172.17.255.255'])
  t.deepEqual(routes(app), ['default via 172.17.0.1 dev eth0', '172.17.0.0/16 dev eth0'])

  const outside = link(host, endpoint?.hostInterface ?? '')
  t.like(outside, { master: 'docker0', mtu: 1500, group: String(0x736c), num_tx_queues: 1, num_rx_queues: 1 })
  t.true(outside.flags.includes('UP'))
  t.deepEqual(
    addresses(host).filter((line) => line.startsWith('veth')),
    [],
  )
})

test.serial('a sandbox: its claims and its record', async (t) => {
  const { world, host, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app', { publish: ['8080:80', '5353:53/udp', `${HOST_ADDRESS}:8081:80`] })
  const comment = `${app.name} (${app.id.slice(0, 12)})`
  const hostLink = app.endpoints[0]?.hostInterface
  t.deepEqual(elements(host, 'addresses4'), [{ key: '172.17.0.2', comment }])
  t.deepEqual(elements(host, 'senders4', 'bridge'), [{ key: `${hostLink} . 02:42:ac:11:00:02 . 172.17.0.2`, comment }])
  t.deepEqual(elements(host, 'published4'), [
    { key: 'tcp . 8080', data: '172.17.0.2 . 80', comment },
    { key: 'udp . 5353', data: '172.17.0.2 . 53', comment },
  ])
  t.deepEqual(elements(host, 'published_at4'), [
    { key: `${HOST_ADDRESS} . tcp . 8081`, data: '172.17.0.2 . 80', comment },
  ])
  const records = Object.values(readFiles(world.stateDir)).map((text) => JSON.parse(text) as Record<string, unknown>)
  t.is(records.length, 1)
  t.like(records[0], { id: app.id, name: app.name, network: 'bridge', path: app.path, ports: [...app.ports] })
})

test.serial('remove leaves nothing behind', async (t) => {
  const { world, slipway } = await setUp(t)
  // The bridge and the ruleset stay; and so does the socket that asks conntrack.
  await world.create(slipway, 'stays', { publish: ['9090:90/udp'] })
  const before = snapshot(world)
  const app = await world.create(slipway, 'app', { publish: ['8080:80', '5353:53/udp', '127.0.0.1::80'] })
  t.notDeepEqual(snapshot(world), before)
  await app.remove()
  await isAsBefore(t, world, before)
  await t.throwsAsync(slipway.sandboxes.get(app.name), { code: 'NOT_FOUND' })
})

test.serial('a removed sandbox goes off the network at once, though a process stays in it', async (t) => {
  const { world, host, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app')
  const [endpoint] = app.endpoints
  const inside = app.spawn('sleep', ['60'], { stdio: 'ignore' })
  t.teardown(() => inside.kill())
  await app.remove()
  await slipway.close({ wait: true })
  t.deepEqual(
    ipJson<Link>(host, 'link').filter(({ ifname }) => ifname === endpoint?.hostInterface),
    [],
  )
})

test.serial('publish and unpublish while it runs', async (t) => {
  const { world, host, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  serveTcp(t, app, 80)
  const before = snapshot(world)
  t.is(await fetchFrom(host, `http://${HOST_ADDRESS}:9000/`), 'refused')

  t.deepEqual(await app.publish('9000:80', '9001-9003:91-93/udp'), [
    { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 9000, containerPort: 80 },
    ...[1, 2, 3].map((n) => ({
      protocol: 'udp' as const,
      hostIp: '0.0.0.0',
      hostPort: 9000 + n,
      containerPort: 90 + n,
    })),
  ])
  t.is(await fetchFrom(host, `http://${HOST_ADDRESS}:9000/`), HOST_ADDRESS)
  t.deepEqual(
    elements(host, 'published4').map(({ key }) => key),
    ['tcp . 8080', 'tcp . 9000', 'udp . 9001', 'udp . 9002', 'udp . 9003'],
  )
  t.is(app.ports.length, 5)

  await app.unpublish('9000:80', '9001-9003:91-93/udp')
  t.is(await fetchFrom(host, `http://${HOST_ADDRESS}:9000/`), 'refused')
  t.is(app.ports.length, 1)
  // What was asked of conntrack the first time has left a socket.
  await isAsBefore(t, world, without(before, 'descriptors'))
  await t.throwsAsync(app.unpublish('9000:80'), { code: 'NOT_FOUND' })
})

test.serial('another process sees a sandbox, publishes, unpublishes and removes it', async (t) => {
  const { world, host, slipway } = await setUp(t)
  const empty = snapshot(world)
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  const options = { netns: host.path, stateDir: world.stateDir }

  const [names, settings, mappings, ports] = await inOtherProcess(
    options,
    ['list'],
    ['inspect', app.name],
    ['publish', app.name, '8081:80'],
    ['ports', app.name],
  )
  t.deepEqual(names, [app.name])
  t.deepEqual(settings, JSON.parse(JSON.stringify(app.inspect())))
  t.deepEqual(mappings, [{ protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8081, containerPort: 80 }])
  t.deepEqual(ports, [...app.ports, { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8081, containerPort: 80 }])

  // What this process knows is old by now, and it finds out by itself.
  await app.publish('8082:80')
  t.deepEqual(
    app.ports.map(({ hostPort }) => hostPort),
    [8080, 8081, 8082],
  )
  await inOtherProcess(options, ['unpublish', app.name, '8080:80'], ['remove', app.name])
  t.deepEqual(await slipway.sandboxes.list(), [])
  await t.throwsAsync(app.refresh(), { code: 'NOT_FOUND' })
  await t.throwsAsync(app.remove(), { code: 'NOT_FOUND' })
  t.deepEqual(elements(host, 'published4'), [])
  t.deepEqual(world.namespaces(), empty.namespaces)
  // And may use name and ports again.
  const again = await world.create(slipway, 'app', { publish: ['8080:80', '8081:80'] })
  t.is(again.name, app.name)
})

test.serial("dynamic ports: from the kernel's range, in turn, and none that is reserved or taken", async (t) => {
  const world = new World(t)
  setSysctl(world.host, 'net.ipv4.ip_local_port_range', '40000 40009')
  setSysctl(world.host, 'net.ipv4.ip_local_reserved_ports', '40001-40002')
  serveTcp(t, world.host, 40003)
  const slipway = await world.open()
  await world.create(slipway, 'first', { publish: ['40000:80'] })
  const app = await world.create(slipway, 'app', { publish: ['80'] })
  t.deepEqual(
    app.ports.map(({ hostPort }) => hostPort),
    [40004],
  )
  t.deepEqual(
    (await app.publish('81', '53/udp')).map(({ hostPort }) => hostPort),
    [40005, 40006],
  )
  serveTcp(t, world.host, 40007)
  t.deepEqual(
    (await app.publish('82')).map(({ hostPort }) => hostPort),
    [40008],
  )
  // A port that was given back rests until its turn comes again.
  await app.unpublish('81')
  t.deepEqual(
    (await app.publish('83')).map(({ hostPort }) => hostPort),
    [40009],
  )
  t.deepEqual(
    (await app.publish('84')).map(({ hostPort }) => hostPort),
    [40005],
  )
})

test.serial('bip, fixedCidr, mtu and defaultGateway', async (t) => {
  const { world, host, slipway } = await setUp(t, {
    bip: '10.9.0.1/16',
    fixedCidr: '10.9.5.0/30',
    mtu: 1400,
    defaultGateway: '10.9.5.1',
  })
  const app = await world.create(slipway, 'app')
  t.deepEqual(
    addresses(host).filter((line) => line.startsWith('docker0')),
    ['docker0 10.9.0.1/16 broadcast 10.9.255.255'],
  )
  t.is(link(host, 'docker0').mtu, 1400)
  t.is(link(app, 'eth0').mtu, 1400)
  t.is(link(host, app.endpoints[0]?.hostInterface ?? '').mtu, 1400)
  t.deepEqual(routes(app), ['default via 10.9.5.1 dev eth0', '10.9.0.0/16 dev eth0'])
  const more = [await world.create(slipway, 'b'), await world.create(slipway, 'c')]
  // 10.9.5.1 is the gateway's.
  t.deepEqual(
    [app, ...more].map(({ endpoints }) => endpoints[0]?.addresses[0]),
    ['10.9.5.0/16', '10.9.5.2/16', '10.9.5.3/16'],
  )
  await t.throwsAsync(world.create(slipway, 'd'), { code: 'EXHAUSTED' })
  t.is((await world.create(slipway, 'd', { ip: '10.9.77.7' })).endpoints[0]?.addresses[0], '10.9.77.7/16')
})

test.serial('a network of two has an address for the bridge and one for a sandbox', async (t) => {
  const { world, host, slipway } = await setUp(t, { bip: '10.9.0.0/31' })
  const app = await world.create(slipway, 'app')
  t.deepEqual(
    addresses(host).filter((line) => line.startsWith('docker0')),
    ['docker0 10.9.0.0/31'],
  )
  t.deepEqual(app.endpoints[0]?.addresses, ['10.9.0.1/31'])
  serveTcp(t, app, 80)
  t.is(await fetchFrom(host, 'http://10.9.0.1/'), '10.9.0.0')
  await t.throwsAsync(world.create(slipway, 'b'), { code: 'EXHAUSTED' })
})

test.serial('ipMasq, icc and ip', async (t) => {
  const { world, host, slipway } = await setUp(t, { ipMasq: false, icc: false, ip: HOST_ADDRESS })
  const app = await world.create(slipway, 'app', { publish: ['8080:80', '127.0.0.1:8081:81'] })
  t.deepEqual(elements(host, 'icc'), [])
  t.deepEqual(elements(host, 'masqueraded4'), [])
  t.deepEqual(
    app.ports.map(({ hostIp }) => hostIp),
    [HOST_ADDRESS, '127.0.0.1'],
  )
})

test.serial('a bridge that exists with other options is refused', async (t) => {
  const { world, slipway } = await setUp(t, { mtu: 1400 })
  await world.create(slipway, 'app')
  const other = await world.open({ mtu: 1500 })
  const before = snapshot(world)
  await t.throwsAsync(world.create(other, 'b'), { code: 'CONFLICT', message: /mtu/ })
  await isAsBefore(t, world, before)
})

for (const [what, ...command] of [
  ['routes', 'route', 'add', '172.17.64.0/18', 'dev', 'uplink'],
  ['addresses', 'address', 'add', '172.17.200.1/24', 'dev', 'uplink'],
] as const) {
  test.serial(`the default subnet goes round what the host's ${what} cover`, async (t) => {
    const world = new World(t)
    ip('-n', world.host.name, ...command)
    const app = await world.create(await world.open(), 'app')
    t.deepEqual(app.endpoints[0]?.addresses, ['172.18.0.2/16'])
  })

  test.serial(`bip may not collide with the host's ${what}`, async (t) => {
    const world = new World(t)
    ip('-n', world.host.name, ...command)
    const slipway = await world.open({ bip: '172.17.0.1/16' })
    await t.throwsAsync(world.create(slipway, 'app'), { code: 'CONFLICT', message: /172\.17\./ })
    t.false(ipJson<Link>(world.host, 'link').some(({ ifname }) => ifname === 'docker0'))
  })
}

test.serial('network none: loopback, and nothing else', async (t) => {
  const { world, host, slipway } = await setUp(t)
  const before = snapshot(world)
  const app = await world.create(slipway, 'app', { network: 'none' })
  t.deepEqual(addresses(app), ['lo 127.0.0.1/8', 'lo ::1/128'])
  t.deepEqual(routes(app), [])
  t.deepEqual(
    ipJson<Link>(host, 'link').map(({ ifname }) => ifname),
    ['lo', 'uplink'],
  )
  await app.remove()
  await isAsBefore(t, world, before)
})

test.serial('network host: the host itself', async (t) => {
  const { world, host, slipway } = await setUp(t)
  const before = snapshot(world)
  const app = await world.create(slipway, 'app', { network: 'host' })
  t.is(app.path, host.path)
  t.deepEqual(world.namespaces(), before.namespaces)
  serveTcp(t, app, 80)
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}/`), '192.0.2.9')
  await app.remove()
  await isAsBefore(t, world, without(before, 'descriptors'))
  t.true(readdirSync('/run/netns').includes(host.name))
})

test.serial('get: by name, by id, and by the beginning of an id', async (t) => {
  const { world, slipway } = await setUp(t)
  const one = await world.create(slipway, 'one')
  const two = await world.create(slipway, 'two')
  for (const key of [one.name, one.id, one.id.slice(0, 12)]) t.is((await slipway.sandboxes.get(key)).id, one.id)
  t.deepEqual(
    (await slipway.sandboxes.list()).map(({ id }) => id),
    [one.id, two.id],
  )
  await t.throwsAsync(slipway.sandboxes.get(`${one.id}0`), { code: 'NOT_FOUND' })
  await t.throwsAsync(slipway.sandboxes.get('nobody'), { code: 'NOT_FOUND' })
  await t.throwsAsync(slipway.sandboxes.get('../etc/passwd'), { code: 'NOT_FOUND' })
})

test.serial('get: a beginning that two ids share is no answer', async (t) => {
  const { world, slipway } = await setUp(t)
  // Of seventeen, two begin alike.
  const all = await Promise.all(
    Array.from({ length: 17 }, (_, index) => world.create(slipway, `n${index}`, { network: 'host' })),
  )
  const digits = all.map(({ id }) => id.slice(0, 1))
  const shared = digits.find((digit, index) => digits.indexOf(digit) !== index) ?? ''
  await t.throwsAsync(slipway.sandboxes.get(shared), { code: 'CONFLICT' })
})
