import { createHash } from 'node:crypto'
import { removeSandbox } from '#lib/drivers/plans/remove.js'
import { END, wirePlan } from '#lib/plan/wire.js'
import { networkSettings } from '#lib/api/sandboxes/inspect.js'
import { readRecordText } from '#lib/store/kind.js'
import { defaultDriver } from '#lib/drivers/index.js'
import { NETWORK } from '#lib/store/network-kind.js'
import { NETNS_FOLDER, SANDBOX } from '#lib/store/sandbox-kind.js'
import type { SandboxRecord } from '#lib/store/records.js'
import { expect, type Target } from './target.js'

/** Records of sandboxes and networks. The first line is the name of the file, without its end. */

const idOf = (text: string) => createHash('sha256').update(text).digest('hex')
const [id, endpointId, networkId] = [idOf('app'), idOf('endpoint'), idOf('web')]
const maker = { pid: 25367, started: '2239830', boot: 'a909f933-a4b2-40fb-81f5-4e4ffafddd82' }
const created = '2026-11-29T09:39:10.024Z'

const ENDPOINT = {
  id: endpointId,
  network: 'web',
  networkId,
  bridge: `br-${networkId.slice(0, 12)}`,
  hostLink: `veth${endpointId.slice(0, 11)}`,
  interface: 'eth0',
  mac: '02:42:0a:07:00:02',
  mtu: 1500,
  linkLocal: 'fe80::42:aff:fe07:2',
  internal: false,
  icc: true,
  asked: { aliases: ['db'], ip: '10.7.0.2', gwPriority: 1 },
  addresses: {
    4: {
      address: '10.7.0.2',
      prefix: 24,
      broadcast: '10.7.0.255',
      gateway: '10.7.0.1',
      resolver: '10.7.0.1',
      mode: 'nat',
    },
    6: { address: 'fd00:7::2', prefix: 64, gateway: 'fd00:7::1', resolver: 'fd00:7::1', mode: 'routed' },
  },
}
const SANDBOXES = [
  {
    version: 2,
    id,
    name: 'app',
    network: 'web',
    path: '/run/netns/app',
    namespace: { device: 4, inode: 4026532300, cookie: '1283302', boot: maker.boot },
    created,
    maker,
    ports: [
      { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 },
      { protocol: 'udp', containerPort: 53, hostIp: '127.0.0.1', hostPort: 53, allow: ['10.0.0.0/8'] },
      { protocol: 'all', containerPort: 0, hostIp: '192.0.2.5', hostPort: 0 },
    ],
    names: { hostname: 'h', dns: ['192.0.2.53'] },
    endpoints: [ENDPOINT, { ...ENDPOINT, leafOf: 'br-x', internal: true }],
  },
  {
    version: 2,
    id,
    name: 'app',
    network: 'none',
    path: '/proc/1/ns/net',
    foreign: true,
    created,
    maker,
    busy: maker,
    removing: true,
    ports: [],
    endpoints: [],
  },
  {
    version: 2,
    id,
    name: 'app',
    network: `container:${id}`,
    path: '/run/netns/app',
    created,
    maker,
    ports: [],
    endpoints: [],
    joined: { name: 'other', network: 'web' },
    sharedBy: [id],
  },
  { version: 1, id, name: 'app', network: 'bridge', path: '/run/netns/app', created, maker, ports: [] },
]
/** Of the first version, which knew one driver. */
const FIRST_NETWORK = {
  version: 1,
  id: networkId,
  name: 'web',
  created,
  maker,
  ipv4: true,
  ipv6: true,
  subnets: [{ subnet: '10.7.0.0/24' }],
  options: { 'com.docker.network.bridge.name': 'brx' },
  labels: { a: 'b' },
  spec: {
    id: networkId,
    name: 'web',
    bridge: 'brx',
    mac: '02:42:0a:07:00:01',
    mtu: 1500,
    families: { 4: { mode: 'nat', masquerade: true, source: '192.0.2.9' }, 6: { mode: 'routed', masquerade: false } },
    subnets: [
      {
        family: 4,
        subnet: '10.7.0.0/24',
        prefix: 24,
        aux: { router: '10.7.0.9' },
        broadcast: '10.7.0.255',
        address: '10.7.0.1',
        gateway: '10.7.0.1',
        range: '10.7.0.128/25',
      },
    ],
    internal: false,
    icc: true,
    trusted: ['eth1'],
    interfacePrefix: 'eth',
    hostIps: { 4: '0.0.0.0', 6: '::' },
    stateDir: '/run/slipway',
  },
}
const NETWORKS = [
  FIRST_NETWORK,
  { ...FIRST_NETWORK, version: 2, spec: { ...FIRST_NETWORK.spec, driver: defaultDriver.name } },
]

export const records: Target = {
  name: 'records',
  seeds: [...SANDBOXES, ...NETWORKS].map((record) => Buffer.from(`${record.name}\n${JSON.stringify(record)}`)),
  pieces: [
    'null',
    'true',
    '{}',
    '[]',
    '[{}]',
    '""',
    '-1',
    '1e999',
    '0.5',
    '9007199254740993',
    '"__proto__":',
    '"constructor":',
    '"version":1',
    '"version":3',
    '"path":',
    '"/etc/passwd"',
    '"../../x"',
    '"name":',
    '"bridge":"eth0"',
    '"hostLink":"eth0"',
    '\\u0000',
    '\\u001f',
    '\\ud800',
    '"foreign":true',
    '"network":"host"',
    '"prefix":33',
    '"::ffff:1.2.3.4"',
    ',',
    ':',
    '}',
  ],
  run(input) {
    const [name = '', ...lines] = input.toString().split('\n')
    const text = lines.join('\n')
    const network = readRecordText(NETWORK, name, text)
    expect(network.record !== undefined || network.why !== '', 'a record of a network is taken, or it is said why not')
    const sandbox = readRecordText(SANDBOX, name, text)
    if (sandbox.record) remove(sandbox.record)
    else expect(sandbox.why !== '', 'a record of a sandbox is taken, or it is said why not')
  },
}

/** What is believed can be shown, and removed: by a plan that touches only what is made for sandboxes. */
function remove(record: SandboxRecord): void {
  networkSettings(record, 1)
  const { name, path, foreign, namespace, endpoints, ports, stack } = record
  if (endpoints.length === 0 || stack === 'host') return
  const { first, rest } = removeSandbox({
    path,
    foreign: foreign ?? false,
    namespace,
    endpoints,
    ports,
    owner: name,
    record: { path: '/record', content: '' },
  })
  const [ends, ...fieldsOfPlan] = wirePlan([...first, ...rest]).split(END)
  expect(Number(ends) === fieldsOfPlan.length, 'no field of a plan has the end of one in it')
  for (const operation of [...first, ...rest]) {
    if (operation.op === 'netns.delete')
      expect(operation.path === `${NETNS_FOLDER}/${name}`, `${operation.path} is deleted`)
    if (operation.op === 'link.set' || operation.op === 'link.delete')
      expect(/^veth[0-9a-f]{11}$/.test(operation.name), `the link ${operation.name} is deleted`)
  }
}
