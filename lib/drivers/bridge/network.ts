import { noIpv6Address } from '../inside.js'
import { add, remove } from '../../policy/elements.js'
import { networkClaims, networkElements, type NetworkElement } from '../../policy/network-elements.js'
import { resolverElements } from '../../policy/resolver-elements.js'
import { BRIDGE_GROUP } from '../../policy/sets.js'
import { linkAlias } from '../link-alias.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import { DEFAULT_NETWORK, hasFamily } from '../../store/network-spec.js'
import type { BridgeNetwork } from './spec.js'
import type { LinkCreate, LinkSet, Operation, Plan, SysctlWrite } from '../../plan/operation.js'

/** Networks on bridges of this host: pure functions from what is wanted to a plan. */

/** All elements of a network. On the default bridge nobody has a name, so it has no resolver. */
export const elementsOf = (network: BridgeNetwork): NetworkElement[] => [...networkClaims(network), ...rulesOf(network)]

/** Those that are no claims. */
const rulesOf = (network: BridgeNetwork): NetworkElement[] => [
  ...networkElements(network),
  ...(network.name === DEFAULT_NETWORK ? [] : resolverElements(network)),
]

const addAll = (network: BridgeNetwork, elements: readonly NetworkElement[]): Operation[] =>
  elements.map(([set, element]) => add(set, { ...element, comment: network.name }))

const removeAll = (network: BridgeNetwork, elements: readonly NetworkElement[]): Operation[] =>
  elements.map(([set, element]) => remove(set, { ...element, comment: network.name }))

/** The claims of a network: its subnets before anything is made that others could take for theirs. */
export const claimNetwork = (network: BridgeNetwork): Operation[] => addAll(network, networkClaims(network))

/**
 * The record first, as it claims the name; then the claims and the bridge, and at last the elements that the rules ask
 * for.
 */
export function createNetwork(network: BridgeNetwork): Plan {
  return [
    ...(network.record ? [{ op: 'file.create', ...network.record } as const] : []),
    ...claimNetwork(network),
    makeBridge(network.bridge, network),
    nameBridge(network),
    ...addressNetwork(network),
    ...finishNetwork(network),
  ]
}

/** What a bridge is given right after it is made. */
export const nameBridge = (network: BridgeNetwork): Operation =>
  // An MTU that it is made with, it forgets with its last port (br_mtu_auto_adjust).
  ({
    op: 'link.set',
    name: network.bridge,
    mtu: network.mtu,
    alias: linkAlias(network),
    ...noIpv6Address(network),
    ...withIpv6(network),
  })

/** The host may have turned IPv6 off on new links. */
export const withIpv6 = (network: BridgeNetwork): { ipv6?: true } =>
  hasFamily(network, 6) && !isolated(network, 6) ? { ipv6: true } : {}

/**
 * What a sandbox sends is to change nothing for others: a bridge that overhears who listens to which group stops
 * sending them IPv6's questions for neighbours when a sandbox asks who listens, and nobody answers (MLD).
 */
export const makeBridge = (name: string, { mac }: Pick<BridgeNetwork, 'mac'>): LinkCreate => ({
  op: 'link.create',
  name,
  kind: 'bridge',
  address: mac,
  group: BRIDGE_GROUP,
  multicastSnooping: false,
  linkLocalLearning: false,
})

/**
 * The bridge's addresses. With IPv6 it has a link-local one, which is the kernel's for asking who has an address on
 * behalf of other hosts (ndisc_send_ns): without it, whatever they send to a sandbox that has not spoken yet is lost.
 *
 * @param present - Those that a bridge has already, whose maker has died right after making it.
 */
export function addressNetwork({ bridge, subnets }: BridgeNetwork, present: readonly string[] = []): Operation[] {
  const own = subnets
    .filter(({ address }) => address !== undefined)
    .map(({ address, prefix, broadcast }) => ({ address, prefix, broadcast }))
  if (own.some(({ address }) => address?.includes(':')))
    own.push({ address: 'fe80::1', prefix: 64, broadcast: undefined })
  return own
    .filter(({ address = '' }) => !present.includes(address))
    .map(({ address, prefix, broadcast }) => ({
      op: 'address.add',
      link: bridge,
      address: `${address}/${prefix}`,
      ...(broadcast === undefined ? {} : { broadcast }),
    }))
}

/**
 * The rest of {@link createNetwork}, for a bridge that is there and has its addresses: left so by a process that died,
 * or by somebody who flushed the ruleset.
 */
export function finishNetwork(network: BridgeNetwork): Plan {
  return [
    { op: 'link.set', name: network.bridge, ...hearing(network), ...forwardIpv4(network), up: true },
    ...(hasFamily(network, 4) ? [{ op: 'sysctl.write', key: 'net.ipv4.ip_forward', value: '1' } as const] : []),
    ...(hasFamily(network, 6)
      ? [{ op: 'sysctl.write', key: 'net.ipv6.conf.all.forwarding', value: '1' } as const, ...forwardIpv6(network)]
      : []),
    ...addAll(network, rulesOf(network)),
  ]
}

/** Of one bridge: where the host forwards already, it may have turned that off on new links. No message can say it. */
export const forwardIpv6 = (network: BridgeNetwork, bridge = network.bridge): SysctlWrite[] =>
  hasFamily(network, 6) && !isolated(network, 6)
    ? [{ op: 'sysctl.write', key: `net/ipv6/conf/${bridge}/forwarding`, value: '1' }]
    : []

/** What a bridge passes on, likewise. */
export const forwardIpv4 = (network: BridgeNetwork): Pick<LinkSet, 'forwarding'> =>
  hasFamily(network, 4) && !isolated(network, 4) ? { forwarding: true } : {}

/**
 * What the host hears on a bridge. In mode isolated it is not there at any of its addresses, other bridges' and the
 * uplink's included: the kernel answers for each of them on every link. A sender is taken for true only where it can be
 * answered, and a bridge without addresses has no way back.
 */
export const hearing = (
  network: BridgeNetwork,
): Pick<LinkSet, 'routeLocalnet' | 'rpFilter' | 'arpIgnore' | 'ipv6'> => ({
  ...(isolated(network, 4) ? { rpFilter: 1, arpIgnore: 8 } : hasFamily(network, 4) ? { routeLocalnet: true } : {}),
  ...(isolated(network, 6) ? { ipv6: false } : {}),
})

const isolated = (network: BridgeNetwork, family: IpFamily): boolean =>
  hasFamily(network, family) && network.families[family]?.mode === 'isolated'

/**
 * The rules first: the world sees it gone with one transaction. The claims are given up last, when nothing is left that
 * is in the way of whoever has the subnets next.
 *
 * @param leaves - Plans that remove its leaves.
 */
export function removeNetwork(network: BridgeNetwork, leaves: readonly Plan[] = []): Plan {
  const plan: Plan = [
    ...leaves.flat(),
    ...removeAll(network, rulesOf(network)),
    { op: 'link.delete', name: network.bridge },
  ]
  return [
    ...plan.filter(({ op }) => op === 'element.delete'),
    ...plan.filter(({ op }) => op !== 'element.delete'),
    ...removeAll(network, networkClaims(network)),
  ]
}
