import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { SubnetRequest } from '#lib/index.js'
import { execIn, HOST_ADDRESS, ip, World } from '../helpers/world.js'

/** Which subnets a network gets on a host that has routes, addresses and nameservers. */

async function open(t: ExecutionContext, routes: readonly string[] = []) {
  const world = new World(t)
  const { name } = world.host
  for (const [kind, address] of [
    ['tun0', '10.8.0.6/24'],
    ['tun0', 'fd08::6/64'],
  ] as const) {
    if (address.includes('.')) {
      ip('-n', name, 'link', 'add', kind, 'type', 'veth', 'peer', 'name', `${kind}p`)
      for (const link of [kind, `${kind}p`]) ip('-n', name, 'link', 'set', link, 'up')
    }
    ip('-n', name, 'address', 'add', address, 'dev', kind, ...(address.includes(':') ? ['nodad'] : []))
  }
  for (const route of routes) {
    const words = route.split(' ')
    const isV6 = words.some((word) => /:.*\//.test(word))
    ip('-n', name, ...(isV6 ? ['-6'] : []), 'route', 'add', ...words)
  }
  return world
}

/** Of a namespace with a name, the host's files. */
function writeResolvConf(t: ExecutionContext, world: World, text: string): void {
  const folder = join('/etc/netns', world.host.name)
  mkdirSync(folder, { recursive: true })
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'resolv.conf'), text)
}

test('routes that are wide, lead nowhere, by a gateway or from other tables occupy nothing', async (t) => {
  const world = await open(t, [
    '0.0.0.0/1 via 10.8.0.1 dev tun0',
    '128.0.0.0/1 via 10.8.0.1 dev tun0',
    '172.16.0.0/12 via 10.8.0.1 dev tun0',
    '192.168.0.0/16 dev tun0 table 77',
    'blackhole 10.77.0.0/16',
    'unreachable 10.78.0.0/16',
    'prohibit 10.79.0.0/16',
    '10.80.0.0/16 via inet6 fd08::1 dev tun0',
    '10.81.0.0/16 nexthop via 10.8.0.1 dev tun0 nexthop via 10.8.0.2 dev tun0',
    '168.0.0.0/6 dev tun0',
    '::/1 dev tun0',
    'fc00::/7 via fd08::1 dev tun0',
    'unreachable fd77::/16',
    'blackhole fd78::/16',
    'fd79::/16 dev tun0 table 77',
  ])
  const slipway = await world.open()
  const app = await world.create(slipway, 'app')
  t.deepEqual(app.endpoints[0]?.addresses, ['172.17.0.2/16'])
  const subnets: SubnetRequest[] = ['10.77.0.0/24', '10.78.0.0/24', '10.79.0.0/24', '10.80.0.0/24', '10.81.0.0/24']
    .concat(['172.31.5.0/24', '192.168.7.0/24', 'fd77:1::/64', 'fd78:1::/64', 'fd79:1::/64'])
    .map((subnet) => ({ subnet }))
  for (const [index, { subnet }] of subnets.entries()) {
    const network = await slipway.networks.create({
      name: `n${index}`,
      subnets: [{ subnet }],
      ...(subnet.includes(':') ? { ipv4: false } : {}),
    })
    t.deepEqual(network.subnets, [subnet])
  }
  t.deepEqual((await slipway.networks.create({ name: 'any' })).subnets, ['172.18.0.0/16'])
})

test('what is on a link of the host is refused with its name, and taken with force; another network never', async (t) => {
  const world = await open(t, ['10.77.0.0/16 dev tun0', 'fd77::/32 dev tun0', '10.0.0.0/8 dev tun0'])
  const slipway = await world.open()
  for (const [subnet, who] of [
    ['10.77.0.0/24', /the host has the route 10\.(77\.0\.0\/16|0\.0\.0\/8)/],
    ['fd77::/64', /the host has the route fd77::\/32/],
    ['192.0.2.0/25', /the host has the (route 192\.0\.2\.0\/24|address 192\.0\.2\.1\/24)/],
  ] as const) {
    const options = { name: 'web', subnets: [{ subnet }], ...(subnet.includes(':') ? { ipv4: false } : {}) }
    const refused = await t.throwsAsync(slipway.networks.create(options), { code: 'CONFLICT' })
    t.regex(refused?.message ?? '', who)
    t.regex(refused?.message ?? '', /With force: true it is taken all the same\.$/)
    const web = await slipway.networks.create({ ...options, force: true })
    t.deepEqual(web.subnets, [subnet])
    const again = await t.throwsAsync(slipway.networks.create({ ...options, name: 'other', force: true }), {
      code: 'CONFLICT',
    })
    t.regex(again?.message ?? '', /the network web has/)
    t.notRegex(again?.message ?? '', /force/)
    await web.remove()
  }
})

test('no subnet is chosen that a nameserver is in: of resolv.conf, of Slipway.open', async (t) => {
  const world = await open(t)
  writeResolvConf(t, world, 'nameserver 172.17.0.53\nnameserver fd00:0:0:1::53\nnameserver 127.0.0.1\n')
  const slipway = await world.open({
    dns: ['172.18.0.53'],
    defaultAddressPools: [
      { base: '172.16.0.0/12', size: 16 },
      { base: 'fd00::/48', size: 64 },
    ],
  })
  t.deepEqual((await world.create(slipway, 'app')).endpoints[0]?.addresses, ['172.16.0.2/16'])
  const chosen = await Promise.all(
    ['a', 'b'].map(async (name) => (await slipway.networks.create({ name, ipv6: true })).subnets),
  )
  t.deepEqual(chosen.flat().sort(), ['172.19.0.0/16', '172.20.0.0/16', 'fd00:0:0:2::/64', 'fd00::/64'])
  const asked = await slipway.networks.create({ name: 'asked', subnets: [{ subnet: '172.17.0.0/16' }] })
  t.deepEqual(asked.subnets, ['172.17.0.0/16'])
})

test('host-gateway names an address that the host has and the sandbox reaches', async (t) => {
  const world = await open(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.30.0.0/16' }] })
  await slipway.networks.create({ name: 'inside', subnets: [{ subnet: '172.29.0.0/16' }], internal: true })
  await slipway.networks.create({ name: 'six', subnets: [{ subnet: 'fd29::/64' }], ipv4: false })
  const own = () => execIn(world.host, 'ip', '-o', 'address')
  for (const [network, expected] of [
    ['web', '172.17.0.1'],
    ['bridge', '172.17.0.1'],
    ['inside', '172.29.0.1'],
    ['six', 'fd29::1'],
  ] as const) {
    const app = await world.create(slipway, `app-${network}`, {
      network,
      addHost: ['host.docker.internal:host-gateway'],
    })
    const { hosts } = await app.files()
    const address = /^(\S+)\thost\.docker\.internal$/m.exec(execIn(world.host, 'cat', hosts))?.[1]
    t.is(address, expected, network)
    t.true(own().includes(` ${address}/`), network)
    execIn(app, 'ping', '-c', '1', '-W', '5', address ?? '')
  }
})

test('a foreign namespace that has an eth0 gets the next free number', async (t) => {
  const world = await open(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.30.0.0/16' }] })
  // The neighbour's own is the uplink's other end.
  const app = await world.create(slipway, 'app', { netns: world.neighbour.path, network: 'web' })
  await app.connect('bridge')
  t.deepEqual(
    app.endpoints.map(({ interface: name }) => name),
    ['eth1', 'eth2'],
  )
  execIn(world.neighbour, 'ping', '-c', '1', '-W', '5', '172.30.0.1')
  execIn(world.neighbour, 'ping', '-c', '1', '-W', '5', HOST_ADDRESS)
})

test('a whole id means what has it, and not what is called so', async (t) => {
  const world = await open(t)
  const slipway = await world.open()
  const web = await slipway.networks.create({ name: 'web' })
  const decoy = await slipway.networks.create({ name: web.id })
  t.is((await slipway.networks.get(web.id)).name, 'web')
  t.is((await slipway.networks.get(decoy.id)).name, web.id)
  const app = await world.create(slipway, 'app', { network: web.id })
  t.deepEqual(
    app.endpoints.map(({ network }) => network),
    ['web'],
  )
  const namesake = await slipway.sandboxes.create({ name: app.id })
  t.teardown(() => namesake.remove())
  t.is((await slipway.sandboxes.get(app.id)).name, app.name)
  await t.throwsAsync(slipway.networks.create({ name: 'web' }), { code: 'CONFLICT' })
  for (const get of [(id: string) => slipway.networks.get(id), (id: string) => slipway.sandboxes.get(id)]) {
    await t.throwsAsync(get(web.id.replace(/./g, (digit) => (digit === '0' ? '1' : '0'))), { code: 'NOT_FOUND' })
  }
})
