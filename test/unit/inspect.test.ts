import test from 'ava'
import { bridgeEndpoint } from '#lib/drivers/bridge/endpoint.js'
import type { GatewayMode } from '#lib/base/gateway-mode.js'
import { inspectNetwork } from '#lib/api/networks/inspect.js'
import type { PortMapping } from '#lib/base/port-mapping.js'
import { networkSettings } from '#lib/api/sandboxes/inspect.js'
import type { EndpointAddress } from '#lib/store/endpoint.js'
import type { SandboxRecord } from '#lib/store/records.js'

const ID = 'ab'.repeat(32)

/** A sandbox on a network of both families. */
function sandbox(ports: PortMapping[], modes: readonly [GatewayMode, GatewayMode] = ['nat', 'nat']): SandboxRecord {
  const v4 = {
    family: 4,
    subnet: '172.20.0.0/16',
    prefix: 16,
    address: '172.20.0.1',
    gateway: '172.20.0.1',
    aux: {},
  } as const
  const v6 = {
    family: 6,
    subnet: '2001:db8:1::/64',
    prefix: 64,
    address: '2001:db8:1::1',
    gateway: '2001:db8:1::1',
    aux: {},
  } as const
  const network = {
    id: 'cd'.repeat(32),
    name: 'web',
    driver: 'bridge',
    bridge: 'br-web',
    mac: '02:42:ac:14:00:01',
    mtu: 1500,
    subnets: [v4, v6],
    families: { 4: { mode: modes[0], masquerade: true }, 6: { mode: modes[1], masquerade: true } },
    internal: false,
    icc: true,
    trusted: [],
    interfacePrefix: 'eth',
    hostIps: {},
    stateDir: '/run/slipway',
  }
  const endpoint = bridgeEndpoint(
    network,
    ID,
    'eth0',
    { 4: { address: '172.20.0.2', subnet: v4 }, 6: { address: '2001:db8:1::2', subnet: v6 } },
    {},
  )
  const maker = { pid: 1, started: '1' }
  return {
    version: 3,
    id: ID,
    name: 'app',
    network: 'web',
    stack: 'own',
    path: '/run/netns/app',
    created: '2026-01-01T00:00:00.000Z',
    maker,
    endpoints: [endpoint],
    ports,
  }
}

const tcp = (containerPort: number, hostIp: string, hostPort: number): PortMapping => ({
  protocol: 'tcp',
  containerPort,
  hostIp,
  hostPort,
})
const ports = (record: SandboxRecord) =>
  Object.entries(networkSettings(record, 1).Ports).map(([port, bindings]) => [
    port,
    bindings?.map(({ HostIp, HostPort }) => `${HostIp} ${HostPort}`) ?? null,
  ])

test("ports are in docker's order: by the text inside, then by host port, IPv4 first", (t) => {
  const asked = [
    tcp(80, '0.0.0.0', 32768),
    tcp(80, '::', 32768),
    tcp(443, '::', 8443),
    tcp(80, '0.0.0.0', 8888),
    tcp(80, '::', 8888),
    tcp(80, '192.0.2.5', 8889),
  ]
  t.deepEqual(ports(sandbox(asked)), [
    ['443/tcp', [':: 8443']],
    ['80/tcp', ['0.0.0.0 8888', ':: 8888', '192.0.2.5 8889', '0.0.0.0 32768', ':: 32768']],
  ])
})

test('ports that lead nowhere are null while the sandbox is on a network that would publish them, and not there else', (t) => {
  const asked = [tcp(80, '0.0.0.0', 8080), tcp(80, '::', 8080), tcp(443, '0.0.0.0', 8443)]
  const web = sandbox(asked)
  // As one of a macvlan network, it has a gateway on the segment, and no mode.
  const lan = web.endpoints.map((endpoint) => {
    const bare = ({ mode: _, ...address }: EndpointAddress): EndpointAddress => address
    const { 4: v4, 6: v6 } = endpoint.addresses
    return { ...endpoint, network: 'lan', addresses: { ...(v4 && { 4: bare(v4) }), ...(v6 && { 6: bare(v6) }) } }
  })
  t.deepEqual(ports({ ...web, endpoints: [...web.endpoints, ...lan] }), [
    ['443/tcp', null],
    ['80/tcp', null],
  ])
  t.deepEqual(ports({ ...web, endpoints: lan }), [])
  t.deepEqual(ports({ ...web, endpoints: [] }), [])
})

test('a routed family has no port of the host, and keeps its place', (t) => {
  t.deepEqual(ports(sandbox([tcp(80, '0.0.0.0', 8080), tcp(80, '::', 0)], ['nat', 'routed'])), [
    ['80/tcp', ['0.0.0.0 8080', ':: ']],
  ])
  t.deepEqual(ports(sandbox([tcp(80, '::', 8080), tcp(80, '0.0.0.0', 0)], ['routed', 'nat'])), [
    ['80/tcp', ['0.0.0.0 ', ':: 8080']],
  ])
})

test("networks and what else has names are in the names' order", (t) => {
  const web = sandbox([])
  const back = web.endpoints.map((endpoint) => ({ ...endpoint, network: 'back' }))
  t.deepEqual(Object.keys(networkSettings({ ...web, endpoints: [...web.endpoints, ...back] }, 1).Networks), [
    'back',
    'web',
  ])
  const facts = {
    name: 'web',
    id: 'cd'.repeat(32),
    created: '',
    driver: 'bridge',
    ipv4: true,
    ipv6: true,
    userDefined: true,
    config: null,
    internal: false,
    bridge: undefined,
  }
  const { Containers, Labels } = inspectNetwork({ ...facts, options: {}, labels: { tier: 'a', keep: '' } }, [
    web,
    { ...web, id: 'aa'.repeat(32) },
  ])
  t.deepEqual(
    [Object.keys(Containers), Object.keys(Labels)],
    [
      ['aa'.repeat(32), ID],
      ['keep', 'tier'],
    ],
  )
})

test('who shares a network says whose, and nobody else says so', (t) => {
  const record: SandboxRecord = {
    ...sandbox([]),
    network: `container:${ID}`,
    endpoints: [],
    joined: { id: ID, name: 'app', network: 'web' },
  }
  const settings = networkSettings(record, 1, { id: ID, name: 'app', alive: false })
  t.deepEqual(settings.SharedNetwork, { ID, Name: 'app', Alive: false })
  t.deepEqual(settings.Networks, {})
  t.false('SharedNetwork' in networkSettings(sandbox([]), 1))
})
