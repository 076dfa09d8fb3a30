import { createSandbox } from '#lib/drivers/plans/create.js'
import { removeSandbox } from '#lib/drivers/plans/remove.js'
import { createNetwork, removeNetwork } from '#lib/drivers/bridge/network.js'
import type { Plan } from '#lib/plan/operation.js'
import { inParts } from './in-parts.js'
import { circumstancesOf, endpointOn, networkOf, published, sandboxOf, type NetworkOptions } from './specs.js'

/** Networks of every kind, by name of the golden plan. */
const KINDS: Readonly<Record<string, NetworkOptions>> = {
  nat: {},
  'nat-dual-stack': { ipv6: true },
  'nat-ipv6-only': { ipv4: false, ipv6: true },
  'nat-without-masquerade': { ipv6: true, masquerade: false },
  'nat-source': { ipv6: true, source: { 4: '192.0.2.7', 6: '2001:db8::7' } },
  'nat-trusted': { ipv6: true, trusted: ['eth1', 'eth2'] },
  'nat-host-binding': { ipv6: true, hostIps: { 4: '127.0.0.1', 6: '2001:db8::1' } },
  'nat-unprotected': { ipv6: true, mode: 'nat-unprotected' },
  routed: { ipv6: true, mode: 'routed' },
  'routed-ipv6-only': { ipv6: true, mode: { 4: 'nat', 6: 'routed' } },
  internal: { ipv6: true, internal: true },
  isolated: { ipv6: true, internal: true, mode: 'isolated' },
  'isolated-ipv4-only': { ipv6: true, internal: true, mode: { 4: 'isolated', 6: 'nat' } },
  'without-icc': { ipv6: true, icc: false },
  'inhibit-ipv4': { ipv6: true, inhibitIpv4: true },
  'several-subnets': {
    subnets: ['10.1.0.0/24', '10.2.0.0/24', 'fd00:1::/64', 'fd00:2::/64'].map((subnet) => ({ subnet })),
    ipv6: true,
  },
  'gateway-range-aux': {
    ipv6: true,
    subnets: [
      { subnet: '10.1.0.0/16', gateway: '10.1.255.254', ipRange: '10.1.7.0/24', auxAddresses: { router: '10.1.7.0' } },
      {
        subnet: 'fd00:1::/64',
        gateway: 'fd00:1::ffff',
        ipRange: 'fd00:1::7:0/112',
        auxAddresses: { DefaultGatewayIPv6: 'fd00:1::8:1' },
      },
    ],
  },
  'mtu-interface-prefix': { ipv6: true, mtu: 9000, interfacePrefix: 'net' },
}

/** What such a network takes, and a sandbox that comes and goes on it. */
export const kinds: Readonly<Record<string, Readonly<Record<string, Plan>>>> = Object.fromEntries(
  Object.entries(KINDS).map(([kind, options]) => {
    const network = networkOf('web', options)
    const endpoints = [endpointOn(network)]
    const publish = network.internal ? [] : ['8080:80', '5353:53/udp']
    const sandbox = sandboxOf(endpoints, published(endpoints, [network], ...publish))
    const flags = publish.map((spec) => ` -p ${spec}`).join('')
    return [
      `network-${kind}`,
      {
        'network create web': createNetwork(network),
        [`create app --network web${flags}`]: createSandbox(sandbox, circumstancesOf(network)),
        ...inParts('rm app', removeSandbox(sandbox)),
        'network rm web': removeNetwork(network),
      },
    ]
  }),
)
