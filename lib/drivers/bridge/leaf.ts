import { leafName } from './leaf-name.js'
import { add, remove } from '../../policy/elements.js'
import { networkElements, type NetworkElement } from '../../policy/network-elements.js'
import { gates } from '../../policy/sets.js'
import { parseSubnet, printSubnet } from '../../base/addresses/subnet.js'
import { FAMILIES, hasFamily } from '../../store/network-spec.js'
import type { BridgeNetwork } from './spec.js'
import type { Operation, Plan } from '../../plan/operation.js'
import { forwardIpv4, forwardIpv6, makeBridge, withIpv6 } from './network.js'
import { noIpv6Address } from '../inside.js'
import type { BridgeEndpoint } from './endpoint.js'

/**
 * Leaves: further bridges of a network, each with some of its sandboxes. A bridge ends at 1,023 ports and slows down
 * long before; and what is for many (ARP) meets every port of it, which the kernel's queues do not survive much longer
 * (docs/kernel-notes.md). So leaves are not joined to the network's own bridge but stand beside it, as whole bridges
 * with the gateway's address and MAC, and the host routes between them: a route for each sandbox on a leaf, and each
 * bridge answers for the addresses behind others.
 */

/** Alias of a leaf: which of which network. */
export const leafAlias = (network: Pick<BridgeNetwork, 'name'>, number: number): string =>
  `slipway network ${network.name}, bridge ${number}`

/** The two halves of {@link leafAlias}; `undefined` for the alias of anything else. */
export function readLeafAlias(alias: string): { network: string; number: number } | undefined {
  const [, network, number] = /^slipway network (.+), bridge ([1-9]\d*)$/.exec(alias) ?? []
  return network !== undefined && number !== undefined ? { network, number: Number(number) } : undefined
}

/**
 * Whether a network may have leaves: where the host is its router. IPv6 has no answer for a whole subnet, so its
 * sandboxes on leaves send everything to the bridge; a gateway of somebody else's would be left out.
 */
export const mayHaveLeaves = ({ subnets }: Pick<BridgeNetwork, 'subnets'>): boolean =>
  subnets.every(
    ({ family, address, gateway }) =>
      address !== undefined && (family === 4 || gateway === undefined || gateway === address),
  )

/** What the rules ask for of a leaf: the same as of the network's own bridge, whose MAC it has. */
export const leafElements = (network: BridgeNetwork, number: number): NetworkElement[] =>
  networkElements({ ...network, bridge: leafName(network, number) }).filter(([set]) => set !== gates)

export const claimLeaf = (network: BridgeNetwork, number: number): Operation[] =>
  leafElements(network, number).map(([set, element]) => add(set, { ...element, comment: network.name }))

/** The bridge first, whose name claims it. */
export function createLeaf(network: BridgeNetwork, number: number): Plan {
  const name = leafName(network, number)
  return [
    makeBridge(name, network),
    {
      op: 'link.set',
      name,
      mtu: network.mtu,
      alias: leafAlias(network, number),
      ...noIpv6Address(network),
      ...withIpv6(network),
    },
    ...finishLeaf(network, number),
  ]
}

/**
 * The rest of {@link createLeaf}, for a leaf whose maker has died, or of which somebody has taken something away.
 *
 * @param present - Addresses that it has already.
 */
export function finishLeaf(network: BridgeNetwork, number: number, present: readonly string[] = []): Plan {
  const name = leafName(network, number)
  // Its subnet is the network's: a prefix would be a second route to that.
  const own = network.subnets.map(({ family, address = '' }) => ({ address, prefix: family === 4 ? 32 : 128 }))
  if (hasFamily(network, 6)) own.push({ address: 'fe80::1', prefix: 64 })
  return [
    ...own
      .filter(({ address }) => !present.includes(address))
      .map(({ address, prefix }) => ({ op: 'address.add', link: name, address: `${address}/${prefix}` }) as const),
    {
      op: 'link.set',
      name,
      ...(hasFamily(network, 4) ? { routeLocalnet: true, ...forwardIpv4(network) } : {}),
      up: true,
    },
    ...forwardIpv6(network, name),
    ...answerAtOnce(network, name),
    ...claimLeaf(network, number),
    ...(network.record
      ? [{ op: 'file.check', path: network.record.path, expected: network.record.content } as const]
      : []),
  ]
}

/** The setting by which a bridge is known to answer for addresses on others. */
export const answerSetting = ({ bridge, subnets }: Pick<BridgeNetwork, 'bridge' | 'subnets'>): string =>
  hasFamily({ subnets }, 4) ? `net/ipv4/neigh/${bridge}/proxy_delay` : `net/ipv6/conf/${bridge}/proxy_ndp`

/**
 * Who answers for others waits up to 0.8 s first, unless told not to. A leaf answers for every address, the own bridge
 * for those of {@link hostRoutesTo}.
 */
function answerAtOnce(network: BridgeNetwork, leaf: string): Operation[] {
  const set = (key: string, value: string): Operation => ({ op: 'sysctl.write', key, value })
  const { bridge } = network
  return [
    ...(hasFamily(network, 4)
      ? [set(`net/ipv4/conf/${leaf}/proxy_arp`, '1'), set(`net/ipv4/neigh/${leaf}/proxy_delay`, '0')]
      : []),
    ...(hasFamily(network, 6)
      ? [set(`net/ipv6/conf/${bridge}/proxy_ndp`, '1'), set(`net/ipv6/neigh/${bridge}/proxy_delay`, '0')]
      : []),
    ...(hasFamily(network, 4) ? [set(`net/ipv4/neigh/${bridge}/proxy_delay`, '0')] : []),
  ]
}

/** The elements first: the world sees it gone with one transaction. */
export function removeLeaf(network: BridgeNetwork, number: number): Plan {
  return [
    ...leafElements(network, number).map(([set, element]) => remove(set, { ...element, comment: network.name })),
    { op: 'link.delete', name: leafName(network, number) },
  ]
}

/**
 * What leads to an endpoint on a leaf: the host's routes, and that the network's own bridge answers for its addresses.
 */
export function hostRoutesTo({ addresses, body: { leafOf, bridge } }: BridgeEndpoint): Operation[] {
  if (leafOf === undefined) return []
  return FAMILIES.flatMap((family): Operation[] => {
    const address = addresses[family]?.address
    if (address === undefined) return []
    return [
      { op: 'route.add', destination: `${address}/${family === 4 ? 32 : 128}`, link: bridge },
      { op: 'neighbor.add', link: leafOf, address, proxy: true },
    ]
  })
}

/** Takes it back: before the addresses are given back, as it would be in the way of whoever claims them next. */
export const dropHostRoutes = (endpoint: BridgeEndpoint): Operation[] =>
  hostRoutesTo(endpoint).flatMap((operation): Operation[] => {
    if (operation.op === 'route.add') return [{ ...operation, op: 'route.delete' }]
    return operation.op === 'neighbor.add'
      ? [{ op: 'neighbor.delete', link: operation.link, address: operation.address, proxy: true }]
      : []
  })

/** IPv6 inside a sandbox on a leaf: the bridge is the only neighbour, and all of the subnet is behind it. */
export function routesInside(
  netns: string,
  { interface: link, addresses, body: { leafOf } }: BridgeEndpoint,
): Operation[] {
  const { resolver, prefix = 0 } = addresses[6] ?? {}
  const subnet = resolver === undefined ? undefined : parseSubnet(`${resolver}/${prefix}`)
  if (leafOf === undefined || resolver === undefined || !subnet) return []
  return [
    { op: 'route.add', netns, destination: `${resolver}/128`, link },
    { op: 'route.add', netns, destination: printSubnet(subnet), gateway: resolver },
  ]
}
