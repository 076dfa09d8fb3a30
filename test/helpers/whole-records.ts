import { createHash } from 'node:crypto'
import { defaultDriver } from '#lib/drivers/index.js'

/** A record of each kind with every field that there is. */

const idOf = (text: string) => createHash('sha256').update(text).digest('hex')
const [id, endpointId, networkId] = [idOf('app'), idOf('endpoint'), idOf('web')]
const maker = { pid: 4194304, started: '2239830', boot: 'a909f933-a4b2-40fb-81f5-4e4ffafddd82' }
const created = '2026-11-29T09:39:10.024Z'
const names = {
  hostname: 'h',
  domainname: 'example.org',
  addHost: ['db:192.0.2.7'],
  dns: ['192.0.2.53'],
  dnsSearch: ['example.org'],
  dnsOptions: ['ndots:2'],
}

export const sandboxRecord = {
  version: 3,
  id,
  name: 'app',
  network: 'web',
  stack: 'own',
  path: '/run/netns/app',
  namespace: { device: 4, inode: 4026532300, cookie: '18446744073709551615', boot: maker.boot },
  foreign: true,
  created,
  maker,
  busy: maker,
  changing: endpointId,
  removing: true,
  sharedBy: [networkId],
  joined: { id: networkId, name: 'other', network: 'web', names },
  names,
  labels: { job: '7' },
  forwarding: true,
  ephemeral: { pids: 4026531836 },
  ports: [{ protocol: 'udp', containerPort: 53, hostIp: '127.0.0.1', hostPort: 53, allow: ['10.0.0.0/8'] }],
  endpoints: [
    {
      id: endpointId,
      network: 'web',
      networkId,
      driver: 'bridge',
      interface: 'eth0',
      mac: '02:42:0a:07:00:02',
      mtu: 1500,
      linkLocal: 'fe80::42:aff:fe07:2',
      internal: false,
      body: {
        bridge: `br-${networkId.slice(0, 7)}-1`,
        leafOf: `br-${networkId.slice(0, 12)}`,
        hostLink: `veth${endpointId.slice(0, 11)}`,
        icc: true,
      },
      asked: {
        ip: '10.7.0.2',
        ip6: 'fd00:7::2',
        mac: '02:42:0a:07:00:02',
        aliases: ['db'],
        gwPriority: 1,
        interface: 'eth0',
        defaultRoute: false,
      },
      addresses: {
        4: {
          address: '10.7.0.2',
          prefix: 24,
          broadcast: '10.7.0.255',
          gateway: '10.7.0.1',
          resolver: '10.7.0.1',
          mode: 'nat',
          connected: true,
          direct: true,
        },
        6: {
          address: 'fd00:7::2',
          prefix: 64,
          broadcast: '10.7.0.255',
          gateway: 'fd00:7::1',
          resolver: 'fd00:7::1',
          mode: 'routed',
          connected: true,
          direct: true,
        },
      },
    },
  ],
}

export const networkRecord = {
  version: 2,
  id: networkId,
  name: 'web',
  created,
  maker,
  removing: maker,
  ipv4: true,
  ipv6: true,
  options: { 'com.docker.network.bridge.name': 'brx' },
  labels: { team: 'blue' },
  subnets: [
    { subnet: '10.7.0.0/24', gateway: '10.7.0.1', ipRange: '10.7.0.128/25', auxAddresses: { router: '10.7.0.9' } },
  ],
  spec: {
    id: networkId,
    name: 'web',
    driver: defaultDriver.name,
    bridge: 'brx',
    mac: '02:42:0a:07:00:01',
    mtu: 1500,
    families: {
      4: { mode: 'nat', masquerade: true, source: '192.0.2.9' },
      6: { mode: 'routed', masquerade: false, source: '2001:db8::9' },
    },
    subnets: [
      {
        family: 4,
        subnet: '10.7.0.0/24',
        prefix: 24,
        address: '10.7.0.1',
        gateway: '10.7.0.1',
        broadcast: '10.7.0.255',
        range: '10.7.0.128/25',
        aux: { router: '10.7.0.9' },
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
