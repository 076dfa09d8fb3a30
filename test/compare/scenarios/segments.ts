import type { CreateNetwork, Scenario, Subnet } from '../steps.js'

const SUBNET = '192.0.2.0/24'
/** Nobody else's on the segment of the uplink. */
const RANGE = '192.0.2.128/25'
const GATEWAY = '192.0.2.1'

const macvlan = (
  name: string,
  subnets: readonly Subnet[] = [{ subnet: SUBNET, gateway: GATEWAY, ipRange: RANGE }],
  options: Readonly<Record<string, string>> = {},
): CreateNetwork => ({
  do: 'create network',
  name,
  driver: 'macvlan',
  subnets,
  options: { parent: 'uplink', ...options },
})

const ipvlan = (
  name: string,
  subnets: readonly Subnet[] = [{ subnet: SUBNET, gateway: GATEWAY, ipRange: RANGE }],
  options: Readonly<Record<string, string>> = {},
): CreateNetwork => ({ ...macvlan(name, subnets, options), driver: 'ipvlan' })

/** Networks on the segment of the host's uplink, where the neighbour is. */
export const segments: readonly Scenario[] = [
  {
    name: 'macvlan',
    title: 'macvlan: gateway, ip-range, aux-address, an address and a MAC asked for',
    steps: [
      macvlan('lan', [
        {
          subnet: SUBNET,
          gateway: GATEWAY,
          ipRange: RANGE,
          auxAddresses: { printer: '192.0.2.128', phone: '192.0.2.129' },
        },
      ]),
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'run', name: 'db', network: 'lan', ip: '192.0.2.77', mac: '02:42:c0:00:02:77', aliases: ['store'] },
      { do: 'run', name: 'taken', network: 'lan', ip: '192.0.2.77', refused: true },
      { do: 'look', containers: ['app', 'db'], networks: ['lan'] },
      { do: 'remove', name: 'app' },
      { do: 'remove network', name: 'lan', refused: true },
      { do: 'remove', name: 'db' },
      { do: 'look', when: 'empty', networks: ['lan'] },
      { do: 'remove network', name: 'lan' },
    ],
  },
  {
    name: 'macvlan-no-gateway',
    title: 'macvlan without a gateway named',
    steps: [
      macvlan('lan', [{ subnet: SUBNET, ipRange: RANGE }]),
      // Docker gives the first address of the range to the gateway that nobody has named.
      { do: 'run', name: 'app', network: 'lan', ip: '192.0.2.140' },
      { do: 'look', containers: ['app'], networks: ['lan'] },
    ],
  },
  {
    name: 'macvlan-families',
    title: 'macvlan with IPv4 and IPv6, several subnets',
    steps: [
      {
        ...macvlan('lan', [
          { subnet: SUBNET, gateway: GATEWAY, ipRange: RANGE },
          { subnet: '198.51.100.0/24', gateway: '198.51.100.1' },
          { subnet: '2001:db8:5::/64', gateway: '2001:db8:5::1' },
        ]),
        ipv6: true,
      },
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'run', name: 'other', network: 'lan', ip: '198.51.100.9', ip6: '2001:db8:5::9' },
      { do: 'look', containers: ['app', 'other'], networks: ['lan'] },
    ],
  },
  ...['private', 'vepa', 'passthru'].map((mode): Scenario => ({
    name: `macvlan-${mode}`,
    title: `macvlan in mode ${mode}, with an MTU`,
    steps: [
      macvlan('lan', undefined, { macvlan_mode: mode, 'com.docker.network.driver.mtu': '1400' }),
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'look', containers: ['app'], networks: ['lan'] },
    ],
  })),
  {
    name: 'macvlan-internal',
    title: 'an internal macvlan network with a parent',
    steps: [
      { ...macvlan('lan'), internal: true },
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'look', containers: ['app'], networks: ['lan'] },
    ],
  },
  {
    name: 'macvlan-two',
    title: 'two macvlan networks on one parent, in modes bridge and private',
    steps: [
      macvlan('lan'),
      macvlan('other', [{ subnet: '198.51.100.0/24', gateway: '198.51.100.1' }], { macvlan_mode: 'private' }),
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'run', name: 'quiet', network: 'other' },
      { do: 'connect', container: 'app', network: 'other' },
      { do: 'look', containers: ['app', 'quiet'], networks: ['lan', 'other'] },
      { ...macvlan('alone', [{ subnet: '203.0.113.0/24' }], { macvlan_mode: 'passthru' }), refused: true },
      { do: 'list', when: 'driver=macvlan', filters: { driver: 'macvlan' } },
    ],
  },
  {
    name: 'macvlan-connect',
    title: 'a macvlan network beside a bridge: connected, leading by gw-priority, disconnected',
    steps: [
      { do: 'create network', name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] },
      macvlan('lan'),
      { do: 'run', name: 'app', network: 'web', publish: ['8080:80'] },
      { do: 'connect', container: 'app', network: 'lan' },
      { do: 'look', containers: ['app'], networks: ['lan'] },
      { do: 'run', name: 'second', network: 'web' },
      { do: 'connect', container: 'second', network: 'lan', gwPriority: 1 },
      { do: 'look', when: 'by priority', containers: ['second'] },
      { do: 'disconnect', container: 'second', network: 'lan' },
      { do: 'look', when: 'disconnected', containers: ['second'], networks: ['lan'] },
      { do: 'run', name: 'first', network: 'lan', ip: '192.0.2.140' },
      { do: 'connect', container: 'first', network: 'web' },
      { do: 'look', when: 'the other way round', containers: ['first'] },
    ],
  },
  {
    name: 'macvlan-publish',
    title: 'a published port on a macvlan network',
    steps: [macvlan('lan'), { do: 'run', name: 'alone', network: 'lan', publish: ['8080:80'], spare: true }],
  },
  {
    name: 'reach-macvlan',
    title: 'connections on the segment of a macvlan network',
    steps: [
      macvlan('lan'),
      { do: 'run', name: 'app', network: 'lan', ip: '192.0.2.130' },
      { do: 'run', name: 'other', network: 'lan', ip: '192.0.2.131' },
      { do: 'run', name: 'near', publish: ['8080:80'] },
      {
        do: 'reach',
        tries: {
          neighbour: ['192.0.2.130:80', '192.0.2.131:81'],
          host: ['192.0.2.130:80', '192.0.2.9:80'],
          app: ['192.0.2.131:80', '192.0.2.9:80', '192.0.2.2:80', '192.0.2.2:8080'],
          near: ['192.0.2.130:80', '192.0.2.9:80'],
        },
      },
    ],
  },
  {
    name: 'reach-macvlan-private',
    title: 'connections on the segment of a macvlan network in mode private',
    steps: [
      macvlan('lan', undefined, { macvlan_mode: 'private' }),
      { do: 'run', name: 'app', network: 'lan', ip: '192.0.2.130' },
      { do: 'run', name: 'other', network: 'lan', ip: '192.0.2.131' },
      {
        do: 'reach',
        tries: { neighbour: ['192.0.2.130:80'], app: ['192.0.2.131:80', '192.0.2.9:80'], other: ['192.0.2.130:81'] },
      },
    ],
  },
  {
    name: 'macvlan-refused',
    title: 'macvlan networks and attachments that are refused',
    steps: [
      { ...macvlan('bad-mode', undefined, { macvlan_mode: 'hub' }), refused: true },
      { ...macvlan('no-parent', undefined, { parent: 'nowhere0' }), refused: true },
      { ...macvlan('loopback', undefined, { parent: 'lo' }), refused: true },
      { ...macvlan('bad-vlan', undefined, { parent: 'uplink.5000' }), refused: true },
      { ...macvlan('vlan-of-nothing', undefined, { parent: 'nowhere0.50' }), refused: true },
      { ...macvlan('bad-mtu', [{ subnet: '10.1.0.0/16' }], { 'com.docker.network.driver.mtu': 'big' }), spare: true },
      { ...macvlan('wide-mtu', [{ subnet: '10.2.0.0/16' }], { 'com.docker.network.driver.mtu': '9000' }), spare: true },
      { ...macvlan('unknown-option', [{ subnet: '10.3.0.0/16' }], { macvlan_nonsense: '1' }), spare: true },
      { ...macvlan('other-drivers-option', [{ subnet: '10.4.0.0/16' }], { ipvlan_mode: 'l2' }), spare: true },
      { ...macvlan('gateway-outside', [{ subnet: SUBNET, gateway: '10.0.0.1' }]), refused: true },
      macvlan('lan'),
      { ...macvlan('overlapping'), refused: true },
      { do: 'run', name: 'gateway-ip', network: 'lan', ip: GATEWAY, refused: true },
      { do: 'run', name: 'outside', network: 'lan', ip: '10.0.0.9', refused: true },
      { do: 'run', name: 'no-ipv6', network: 'lan', ip6: '2001:db8::9', refused: true },
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'connect', container: 'app', network: 'lan', refused: true },
      { do: 'remove network', name: 'lan', refused: true },
    ],
  },
  {
    name: 'macvlan-no-parent',
    title: 'macvlan without a parent',
    needs: ['dummy'],
    steps: [
      { do: 'create network', name: 'lan', driver: 'macvlan', subnets: [{ subnet: '172.20.0.0/16' }] },
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'look', containers: ['app'], networks: ['lan'] },
    ],
  },
  {
    name: 'macvlan-vlan',
    title: 'macvlan on a VLAN of the uplink',
    needs: ['vlan'],
    steps: [
      macvlan('lan', undefined, { parent: 'uplink.50' }),
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'look', containers: ['app'], networks: ['lan'] },
      { do: 'remove', name: 'app' },
      { do: 'remove network', name: 'lan' },
    ],
  },
  ...['l2', 'l3', 'l3s'].map((mode): Scenario => ({
    name: `ipvlan-${mode}`,
    title: `ipvlan in mode ${mode}`,
    needs: ['ipvlan'],
    steps: [
      ipvlan('lan', [{ subnet: SUBNET, ipRange: RANGE, ...(mode === 'l2' ? { gateway: GATEWAY } : {}) }], {
        ipvlan_mode: mode,
      }),
      { do: 'run', name: 'app', network: 'lan' },
      { do: 'run', name: 'other', network: 'lan', ip: '192.0.2.77' },
      { do: 'look', containers: ['app', 'other'], networks: ['lan'] },
      { do: 'run', name: 'publishing', network: 'lan', publish: ['8080:80'], spare: true },
      { do: 'run', name: 'with-mac', network: 'lan', mac: '02:42:c0:00:02:78', spare: true },
      { ...ipvlan('second', [{ subnet: '198.51.100.0/24' }]), spare: true },
      { ...macvlan('of-the-other-driver', [{ subnet: '198.51.100.0/24' }]), spare: true },
    ],
  })),
]
