/** What a real dockerd (28.5) has sent to a plugin, in its order: of `docker network create` and `docker run`. */

export const WEB = '1f4a76fc0bb1f8f47d5e77107f4edfec3f49899e473d4675f0f8e7aaf3d36f9b'
export const APP = '3897561499b9bb42b7b61bc3ed34acdeaefebf6ddef8ac5002a96dae667c6ef5'
export const SHOP = '69436fca7549cd2d50a000e207462b092bd7e20c3db8a2680a1ef4ccf0d3fd43'
export const CART = '1c7e5084d5f2f5687355a7a92903ceb6655ed3940babd2d9a2882a04eb0b697e'

/** A method, what dockerd sends (nothing: no body), and what it is answered. */
export type Recorded = readonly [method: string, request: object | undefined, answer: object]

/** The first calls to a plugin. */
export const FIRST: readonly Recorded[] = [
  ['Plugin.Activate', undefined, { Implements: ['NetworkDriver', 'IpamDriver'] }],
  ['NetworkDriver.GetCapabilities', undefined, { Scope: 'local', ConnectivityScope: 'local' }],
  ['IpamDriver.GetCapabilities', undefined, { RequiresMACAddress: false, RequiresRequestReplay: false }],
  [
    'IpamDriver.GetDefaultAddressSpaces',
    undefined,
    { LocalDefaultAddressSpace: 'slipway', GlobalDefaultAddressSpace: 'slipway' },
  ],
]

const V4 = '172.30.0.0/16,172.30.5.0/24'
const V6 = 'fd00:30::/64'

/**
 * `--ipv6 --subnet 172.30.0.0/16 --ip-range 172.30.5.0/24 --gateway 172.30.0.9 --aux-address router=172.30.5.1 --subnet
 * fd00:30::/64 -o com.docker.network.driver.mtu=1400`
 */
export const CREATE_WEB: readonly Recorded[] = [
  [
    'IpamDriver.RequestPool',
    { AddressSpace: 'slipway', Pool: '172.30.0.0/16', SubPool: '172.30.5.0/24', Options: {}, V6: false },
    { PoolID: V4, Pool: '172.30.0.0/16', Data: { 'com.docker.network.gateway': '172.30.5.0/16' } },
  ],
  [
    'IpamDriver.RequestAddress',
    { PoolID: V4, Address: '172.30.0.9', Options: { RequestAddressType: 'com.docker.network.gateway' } },
    { Address: '172.30.0.9/16', Data: {} },
  ],
  [
    'IpamDriver.RequestAddress',
    { PoolID: V4, Address: '172.30.5.1', Options: null },
    { Address: '172.30.5.1/16', Data: {} },
  ],
  [
    'IpamDriver.RequestPool',
    { AddressSpace: 'slipway', Pool: V6, SubPool: '', Options: {}, V6: true },
    { PoolID: V6, Pool: V6, Data: { 'com.docker.network.gateway': 'fd00:30::1/64' } },
  ],
  [
    'NetworkDriver.CreateNetwork',
    {
      NetworkID: WEB,
      Options: {
        'com.docker.network.enable_ipv4': true,
        'com.docker.network.enable_ipv6': true,
        'com.docker.network.generic': { 'com.docker.network.driver.mtu': '1400' },
      },
      IPv4Data: [
        {
          AddressSpace: 'slipway',
          AuxAddresses: { router: '172.30.5.1/16' },
          Gateway: '172.30.0.9/16',
          Pool: '172.30.0.0/16',
        },
      ],
      IPv6Data: [{ AddressSpace: 'slipway', Gateway: 'fd00:30::1/64', Pool: V6 }],
    },
    {},
  ],
]

/** Without a word of subnets, `--internal`, and with dockerd's own addresses. */
export const CREATE_SHOP: readonly Recorded[] = [
  [
    'NetworkDriver.CreateNetwork',
    {
      NetworkID: SHOP,
      Options: {
        'com.docker.network.enable_ipv4': true,
        'com.docker.network.enable_ipv6': false,
        'com.docker.network.generic': {},
        'com.docker.network.internal': true,
      },
      IPv4Data: [{ AddressSpace: 'LocalDefault', Gateway: '172.19.0.1/16', Pool: '172.19.0.0/16' }],
      IPv6Data: [],
    },
    {},
  ],
]

const PORTS = {
  'com.docker.network.endpoint.exposedports': [
    { Proto: 6, Port: 80 },
    { Proto: 17, Port: 53 },
  ],
  'com.docker.network.portmap': [
    { Proto: 6, IP: '', Port: 80, HostIP: '', HostPort: 8080, HostPortEnd: 8080 },
    { Proto: 6, IP: '', Port: 90, HostIP: '', HostPort: 9000, HostPortEnd: 9002 },
    { Proto: 17, IP: '', Port: 53, HostIP: '127.0.0.1', HostPort: 0, HostPortEnd: 0 },
  ],
}

const APP_ON_WEB = { NetworkID: WEB, EndpointID: APP }

/**
 * `--network name=web,ip=172.30.7.7,mac-address=02:00:00:00:00:77,driver-opt=com.docker.network.endpoint.ifname=lan9
 * -p 8080:80 -p 9000-9002:90 -p 127.0.0.1::53/udp`
 *
 * @param netns - Path of the container's namespace.
 */
export const runApp = (netns: string): readonly Recorded[] => [
  [
    'IpamDriver.RequestAddress',
    { PoolID: V4, Address: '172.30.7.7', Options: null },
    { Address: '172.30.7.7/16', Data: {} },
  ],
  ['IpamDriver.RequestAddress', { PoolID: V6, Address: '', Options: null }, { Address: 'fd00:30::2/64', Data: {} }],
  [
    'NetworkDriver.CreateEndpoint',
    {
      ...APP_ON_WEB,
      Interface: { Address: '172.30.7.7/16', AddressIPv6: 'fd00:30::2/64', MacAddress: '02:00:00:00:00:77' },
      Options: {
        ...PORTS,
        'com.docker.network.endpoint.ifname': 'lan9',
        'com.docker.network.endpoint.macaddress': 'AgAAAAB3',
      },
    },
    { Interface: {} },
  ],
  [
    'NetworkDriver.Join',
    { ...APP_ON_WEB, SandboxKey: netns, Options: PORTS },
    { Gateway: '172.30.0.9', GatewayIPv6: 'fd00:30::1', DisableGatewayService: true },
  ],
  [
    'NetworkDriver.ProgramExternalConnectivity',
    { ...APP_ON_WEB, Options: { 'com.docker.network.driver.private.no_proxy_6to4': false, ...PORTS } },
    {},
  ],
  ['NetworkDriver.EndpointOperInfo', APP_ON_WEB, { Value: {} }],
]

/** `docker network connect shop app`, on a network of dockerd's own addresses. */
export const connectApp = (netns: string): readonly Recorded[] => [
  [
    'NetworkDriver.CreateEndpoint',
    {
      NetworkID: SHOP,
      EndpointID: CART,
      Interface: { Address: '172.19.0.2/16', AddressIPv6: '', MacAddress: '' },
      Options: PORTS,
    },
    { Interface: { MacAddress: '02:42:ac:13:00:02' } },
  ],
  [
    'NetworkDriver.Join',
    { NetworkID: SHOP, EndpointID: CART, SandboxKey: netns, Options: PORTS },
    { DisableGatewayService: true },
  ],
]

export const REVOKE_APP: readonly Recorded[] = [['NetworkDriver.RevokeExternalConnectivity', APP_ON_WEB, {}]]

export const DISCONNECT_APP: readonly Recorded[] = ['Leave', 'DeleteEndpoint'].map(
  (method) => [`NetworkDriver.${method}`, { NetworkID: SHOP, EndpointID: CART }, {}] as const,
)

/** `docker rm --force app`, after {@link REVOKE_APP}. */
export const STOP_APP: readonly Recorded[] = [
  ['NetworkDriver.Leave', APP_ON_WEB, {}],
  ['NetworkDriver.DeleteEndpoint', APP_ON_WEB, {}],
  ['IpamDriver.ReleaseAddress', { PoolID: V4, Address: '172.30.7.7' }, {}],
  ['IpamDriver.ReleaseAddress', { PoolID: V6, Address: 'fd00:30::2' }, {}],
]

/** `docker network rm web` */
export const REMOVE_WEB: readonly Recorded[] = [
  ['IpamDriver.ReleaseAddress', { PoolID: V4, Address: '172.30.0.9' }, {}],
  ['IpamDriver.ReleaseAddress', { PoolID: V4, Address: '172.30.5.1' }, {}],
  ['IpamDriver.ReleasePool', { PoolID: V4 }, {}],
  ['IpamDriver.ReleaseAddress', { PoolID: V6, Address: 'fd00:30::1' }, {}],
  ['IpamDriver.ReleasePool', { PoolID: V6 }, {}],
  ['NetworkDriver.DeleteNetwork', { NetworkID: WEB }, {}],
]
