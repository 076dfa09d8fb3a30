import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { Slipway } from '#lib/index.js'
import { DockerPlugin } from '#lib/servers/docker-plugin/plugin.js'
import { call, serveProtocol, type ApiServer } from '../helpers/api-server.js'
import {
  APP,
  connectApp,
  CREATE_SHOP,
  CREATE_WEB,
  DISCONNECT_APP,
  FIRST,
  REMOVE_WEB,
  REVOKE_APP,
  runApp,
  SHOP,
  STOP_APP,
  WEB,
  type Recorded,
} from '../helpers/dockerd.js'
import { fetchFrom, REFUSED, serveTcp } from '../helpers/traffic.js'
import { eventually, HOST_ADDRESS, ip, ipJson, NEIGHBOUR_ADDRESS, World, type Place } from '../helpers/world.js'

/** The driver of a real dockerd, by the requests that one has sent. With dockerd itself: test/long/dockerd.test.ts. */

interface Plugged {
  world: World
  slipway: Slipway
  server: ApiServer
  /** Where is kept what dockerd has told. */
  folder: string
  container: Place
}

async function setUp(t: ExecutionContext): Promise<Plugged> {
  const world = new World(t)
  const folder = mkdtempSync(join(tmpdir(), 'slipway-dockerd-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const slipway = await world.open()
  return { world, slipway, folder, server: await plug(t, slipway, folder), container: makeContainer(world) }
}

const plug = (t: ExecutionContext, slipway: Slipway, folder: string): Promise<ApiServer> =>
  serveProtocol(t, (log) => DockerPlugin.open(slipway, folder, log))

/** As dockerd makes one: loopback is up, and nothing else is there. */
function makeContainer(world: World): Place {
  const name = world.name('container')
  ip('netns', 'add', name)
  ip('-n', name, 'link', 'set', 'lo', 'up')
  return { name, path: `/run/netns/${name}` }
}

const ask = async (server: ApiServer, method: string, request?: object | string) =>
  (await call(server, 'POST', `/${method}`, request)).json as Said

/** What the tests read of answers. */
interface Said {
  Err?: string
  Error?: string
  Address?: string
  Pool?: string
  PoolID?: string
}

/** Sends what was recorded, and expects what was answered. */
async function replay(t: ExecutionContext, server: ApiServer, recorded: readonly Recorded[]): Promise<void> {
  for (const [method, request, answer] of recorded)
    t.deepEqual(await ask(server, method, request), answer as Said, method)
}

const inside = (container: Place): string[] =>
  ipJson<{ ifname: string; mtu: number; address: string; addr_info: { local: string; scope: string }[] }>(
    container,
    'address',
  )
    .filter(({ ifname }) => ifname !== 'lo')
    .map(({ ifname, mtu, address, addr_info }) =>
      [ifname, mtu, address, ...addr_info.flatMap(({ local, scope }) => (scope === 'global' ? [local] : []))].join(' '),
    )

const defaultRoutes = (container: Place) =>
  [[], ['-6']].flatMap((family) => ipJson(container, ...family, 'route', 'show', 'default'))

/** As dockerd does after a Join that has answered with gateways. */
function setGateways(container: Place): void {
  ip('-n', container.name, 'route', 'add', 'default', 'via', '172.30.0.9')
  ip('-n', container.name, '-6', 'route', 'add', 'default', 'via', 'fd00:30::1')
}

test('a container comes, publishes ports, joins another network and goes, as dockerd asks', async (t) => {
  const { world, slipway, server, folder, container } = await setUp(t)
  await replay(t, server, [...FIRST, ...CREATE_WEB, ...CREATE_SHOP, ...runApp(container.path)])
  t.deepEqual(inside(container), ['lan9 1400 02:00:00:00:00:77 172.30.7.7 fd00:30::2'])
  // They are dockerd's to set, as it alone knows all networks of the container.
  t.deepEqual(defaultRoutes(container), [])
  setGateways(container)
  const [app] = await slipway.sandboxes.list()
  t.deepEqual(
    app?.ports.filter(({ hostPort }) => hostPort < 9999).map(({ hostIp, hostPort }) => `${hostIp} ${hostPort}`),
    ['0.0.0.0 8080', ':: 8080', '0.0.0.0 9000', ':: 9000'],
  )
  serveTcp(t, container, 80)
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080`), NEIGHBOUR_ADDRESS)

  await replay(t, server, connectApp(container.path))
  t.deepEqual(inside(container).slice(1), ['eth0 1500 02:42:ac:13:00:02 172.19.0.2'])
  await replay(t, server, DISCONNECT_APP)
  t.true(await eventually(() => inside(container).length === 1))

  await replay(t, server, REVOKE_APP)
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080`, { expected: REFUSED }), REFUSED)
  await replay(t, server, [...STOP_APP, ...REMOVE_WEB])
  await replay(t, server, [['NetworkDriver.DeleteNetwork', { NetworkID: SHOP }, {}]])
  t.true(await eventually(() => inside(container).length === 0))
  t.deepEqual([await slipway.sandboxes.list(), await slipway.networks.list({ type: 'custom' })], [[], []])
  t.deepEqual([readdirSync(join(folder, 'networks')), readdirSync(join(folder, 'endpoints'))], [[], []])
})

test('what dockerd asks again is answered again, and what it sends again without a body is refused', async (t) => {
  const { slipway, server, container } = await setUp(t)
  const twice = (recorded: readonly Recorded[]) => recorded.flatMap((one) => [one, one])
  const isEndpoint = ([method]: Recorded) => method.startsWith('NetworkDriver.')
  await replay(t, server, [...CREATE_WEB, ...CREATE_WEB.slice(-1), ...CREATE_SHOP, ...CREATE_SHOP])
  await replay(t, server, runApp(container.path).slice(0, 2))
  await replay(t, server, twice(runApp(container.path).filter(isEndpoint)))
  t.is((await slipway.sandboxes.list()).length, 1)
  const named = [
    ...[...CREATE_WEB, ...runApp(container.path), ...REVOKE_APP, ...STOP_APP, ...REMOVE_WEB].filter(isEndpoint),
    ...['RequestPool', 'RequestAddress', 'ReleaseAddress', 'ReleasePool'].map(
      (method) => [`IpamDriver.${method}`] as const,
    ),
  ] as const
  for (const [method] of named) {
    if (method === 'NetworkDriver.EndpointOperInfo') continue
    const { Err, Error } = await ask(server, method)
    t.regex(Err ?? '', /^The request has no (NetworkID|EndpointID|PoolID|AddressSpace)\. /, method)
    t.is(Error, Err)
  }
  await replay(t, server, twice([...REVOKE_APP, ...STOP_APP, ...REMOVE_WEB]))
  t.true(await eventually(() => inside(container).length === 0))
})

test('addresses are given to one container each, and come back', async (t) => {
  const { slipway, server } = await setUp(t)
  const pools = await Promise.all(
    [1, 2].map(() => ask(server, 'IpamDriver.RequestPool', { AddressSpace: 'slipway', Pool: '', V6: false })),
  )
  // Chosen at once, and each by itself.
  t.deepEqual(pools.map(({ Pool }) => Pool).sort(), ['172.18.0.0/16', '172.19.0.0/16'])
  const small = { AddressSpace: 'slipway', Pool: '172.30.0.0/29', SubPool: '', V6: false }
  const { PoolID } = await ask(server, 'IpamDriver.RequestPool', small)
  const request = (Address = '') => ask(server, 'IpamDriver.RequestAddress', { PoolID, Address, Options: null })
  t.regex((await request()).Err ?? '', /is the subnet of no network here/)
  await replay(t, server, [
    [
      'NetworkDriver.CreateNetwork',
      { NetworkID: WEB, IPv4Data: [{ Pool: '172.30.0.0/29', Gateway: '172.30.0.1/29' }], IPv6Data: [] },
      {},
    ],
  ])
  const given = await Promise.all([request(), request(), request('172.30.0.5'), request()])
  t.deepEqual(given.map(({ Address }) => Address).sort(), [
    '172.30.0.2/29',
    '172.30.0.3/29',
    '172.30.0.4/29',
    '172.30.0.5/29',
  ])
  const app = await slipway.sandboxes.create({ network: `docker-${WEB.slice(0, 12)}` })
  t.regex((await request()).Err ?? '', /No address is left/)
  t.regex((await request('172.30.0.3')).Err ?? '', /172\.30\.0\.3 is taken|in use|has 172\.30\.0\.3/)
  await ask(server, 'IpamDriver.ReleaseAddress', { PoolID, Address: '172.30.0.3' })
  // What a sandbox has is not dockerd's to release.
  await ask(server, 'IpamDriver.ReleaseAddress', { PoolID, Address: '172.30.0.6' })
  t.is((await request()).Address, '172.30.0.3/29')
  t.regex((await request()).Err ?? '', /No address is left/)
  await app.remove()
  t.is((await request()).Address, '172.30.0.6/29')
})

test('networks outlive the host', async (t) => {
  const { world, slipway, server, folder, container } = await setUp(t)
  await replay(t, server, [...CREATE_WEB, ...CREATE_SHOP, ...runApp(container.path), ...connectApp(container.path)])
  // As after a start of the machine: nothing is there but the files. One of them was cut off, as it was never settled.
  await slipway.uninstall()
  writeFileSync(join(folder, 'endpoints', `${APP}.json`), '{"network":')
  const again = await world.open()
  await again.networks.create({ name: 'unknown', labels: { 'docker.network': 'a'.repeat(64) } })
  const other = await plug(t, again, folder)
  t.deepEqual(
    (await again.networks.list({ type: 'custom' })).map(({ labels, subnets }) => [
      labels['docker.network'],
      ...subnets,
    ]),
    [
      [WEB, '172.30.0.0/16', 'fd00:30::/64'],
      [SHOP, '172.19.0.0/16'],
    ],
  )
  t.regex(
    (await ask(other, 'NetworkDriver.Join', { NetworkID: WEB, EndpointID: APP, SandboxKey: container.path })).Err ?? '',
    /There is no endpoint/,
  )
  await replay(t, other, [...runApp(container.path), ...connectApp(container.path)])
  t.is(inside(container).length, 2)
  await replay(t, other, [...DISCONNECT_APP, ...STOP_APP, ...REMOVE_WEB])
  t.deepEqual(await again.sandboxes.list(), [])
})

test('a network that dockerd has not come to know gives way to another with its subnet', async (t) => {
  const { slipway, server, container } = await setUp(t)
  const requestPool = CREATE_WEB.slice(0, 1)
  const overlaps = async () =>
    t.regex((await ask(server, 'IpamDriver.RequestPool', requestPool[0]?.[1])).Err ?? '', /is not free/)
  await replay(t, server, [...FIRST, ...CREATE_WEB])
  // dockerd has made it, and was not killed since.
  await overlaps()
  await replay(t, server, FIRST)
  await replay(t, server, [...CREATE_WEB, ...runApp(container.path)])
  t.is((await slipway.networks.list({ type: 'custom' })).length, 1)
  // It has used it: so it has it, whenever it was started.
  await replay(t, server, FIRST)
  await overlaps()
  // An answer that has not come to dockerd, which gives back the subnet.
  await replay(t, server, [...REVOKE_APP, ...STOP_APP, ...REMOVE_WEB.slice(0, -1)])
  t.deepEqual(await slipway.networks.list({ type: 'custom' }), [])
  // And where subnets are of dockerd's own choice: it has none of them twice.
  const other = CREATE_SHOP.map(([method, request, answer]): Recorded => [
    method,
    { ...request, NetworkID: 'other' },
    answer,
  ])
  await replay(t, server, [...CREATE_SHOP, ...other])
  t.deepEqual(
    (await slipway.networks.list({ type: 'custom' })).map(({ name }) => name),
    ['docker-other'],
  )
})

test('a network that dockerd was there with for a second gives way to none, also when another dockerd comes', async (t) => {
  const { slipway, server } = await setUp(t)
  await replay(t, server, [...FIRST, ...CREATE_WEB])
  await sleep(1100)
  await replay(t, server, [...CREATE_SHOP, ...FIRST])
  t.regex((await ask(server, 'IpamDriver.RequestPool', CREATE_WEB[0]?.[1])).Err ?? '', /is not free/)
  t.is((await slipway.networks.list({ type: 'custom' })).length, 2)
})

test('what is no request of dockerd is refused in its own form, and changes nothing', async (t) => {
  const { slipway, server, container } = await setUp(t)
  await replay(t, server, CREATE_WEB)
  const endpoint = { NetworkID: WEB, EndpointID: APP, Interface: { Address: '172.30.7.7/16' } }
  for (const [method, request, status, sentence] of [
    ['NetworkDriver.Fly', {}, 404, /There is no POST \/NetworkDriver\.Fly/],
    ['NetworkDriver.CreateNetwork', '{', 400, /invalid JSON/],
    ['NetworkDriver.CreateNetwork', '[]', 400, /must be an object/],
    ['NetworkDriver.CreateNetwork', { NetworkID: '../x', IPv4Data: [] }, 200, /must be an id of letters/],
    ['NetworkDriver.CreateNetwork', { NetworkID: SHOP, IPv4Data: 'all' }, 400, /IPv4Data must be a list/],
    ['NetworkDriver.CreateNetwork', { NetworkID: SHOP, IPv4Data: [] }, 200, /ipv4 and ipv6 are both off/],
    [
      'NetworkDriver.CreateNetwork',
      {
        NetworkID: SHOP,
        Options: { 'com.docker.network.generic': { speed: '1' } },
        IPv4Data: [{ Pool: '172.31.0.0/16' }],
      },
      200,
      /no option "speed"/,
    ],
    [
      'IpamDriver.RequestPool',
      { AddressSpace: 'slipway', Pool: '172.30.1.0/24', V6: false },
      200,
      /is not free: the network docker-/,
    ],
    ['IpamDriver.RequestAddress', { PoolID: 'all' }, 200, /PoolID must be/],
    ['NetworkDriver.CreateEndpoint', { ...endpoint, NetworkID: SHOP }, 200, /There is no network/],
    [
      'NetworkDriver.CreateEndpoint',
      { ...endpoint, Options: { 'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.ifname.log_martians=1' } },
      200,
      /sysctls: Slipway makes the interface itself/,
    ],
    ['NetworkDriver.Join', { ...endpoint, SandboxKey: container.path }, 200, /There is no endpoint/],
    ['NetworkDriver.ProgramExternalConnectivity', endpoint, 200, /There is no sandbox/],
  ] as const) {
    const answer = await call(server, 'POST', `/${method}`, request)
    t.is(answer.status, status, method)
    t.regex((answer.json as { Err: string }).Err, sentence)
  }
  await ask(server, 'NetworkDriver.CreateEndpoint', endpoint)
  const join = (SandboxKey: string) => ask(server, 'NetworkDriver.Join', { ...endpoint, SandboxKey })
  t.regex((await join('/run/netns/nowhere')).Err ?? '', /There is no network namespace/)
  t.regex((await join('/proc/self/ns/mnt')).Err ?? '', /is no network namespace/)
  t.deepEqual(await join(container.path), {
    Gateway: '172.30.0.9',
    GatewayIPv6: 'fd00:30::1',
    DisableGatewayService: true,
  })
  const ports = [{ Proto: 6, Port: 80, HostIP: '', HostPort: 0, HostPortEnd: 0 }]
  const program = (portmap: object[]) =>
    ask(server, 'NetworkDriver.ProgramExternalConnectivity', {
      ...endpoint,
      Options: { 'com.docker.network.portmap': portmap },
    })
  t.regex((await program([...ports, { ...ports[0], Proto: 1 }])).Err ?? '', /protocol 1 cannot be published/)
  t.regex((await program([...ports, { ...ports[0], HostIP: '::1' }])).Err ?? '', /^publish "\[::1\]::80\/tcp"/)
  t.deepEqual(
    (await slipway.sandboxes.list()).map((sandbox) => sandbox.ports),
    [[]],
  )
})
