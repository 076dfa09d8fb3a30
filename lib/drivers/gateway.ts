import type { Target, Targets } from '../policy/elements.js'
import { familyOf, type IpFamily } from '../base/addresses/ip.js'
import { FAMILIES } from '../store/network-spec.js'
import type { PortMapping } from '../base/port-mapping.js'
import type { StoredEndpoint, EndpointAddress } from '../store/endpoint.js'

/**
 * Which of a sandbox's endpoints leads to the world: its default route goes there, and published ports come from there.
 */

/** By docker's rule: the highest priority, then a network that is not internal, then the first name. */
export function gatewayEndpoint(endpoints: readonly StoredEndpoint[], family: IpFamily): StoredEndpoint | undefined {
  let best: StoredEndpoint | undefined
  for (const endpoint of endpoints) {
    if (!reachesWorld(endpoint.addresses[family])) continue
    if (!best || precedes(endpoint, best)) best = endpoint
  }
  return best
}

/** Whether an endpoint leads to the world by an address. */
const reachesWorld = (address: EndpointAddress | undefined): boolean =>
  address?.gateway !== undefined || address?.connected === true

function precedes(a: StoredEndpoint, b: StoredEndpoint): boolean {
  const difference = (b.asked.gwPriority ?? 0) - (a.asked.gwPriority ?? 0)
  return difference === 0 ? a.network < b.network : difference < 0
}

/** An endpoint's address of the family that leads to the world. */
export const gatewayAddress = (endpoints: readonly StoredEndpoint[], family: IpFamily): EndpointAddress | undefined =>
  gatewayEndpoint(endpoints, family)?.addresses[family]

/** The families in which a sandbox can be reached from the host's addresses. */
export const publishableFamilies = (endpoints: readonly StoredEndpoint[]): IpFamily[] =>
  FAMILIES.filter((family) => gatewayAddress(endpoints, family)?.mode !== undefined)

/** Where published ports lead to. */
export const targetsOf = (endpoints: readonly StoredEndpoint[]): Targets => ({
  4: targetOf(endpoints, 4),
  6: targetOf(endpoints, 6),
})

function targetOf(endpoints: readonly StoredEndpoint[], family: IpFamily): Target | undefined {
  const endpoint = gatewayEndpoint(endpoints, family)
  const address = endpoint?.addresses[family]?.address
  return endpoint && address !== undefined ? { address, id: endpoint.id } : undefined
}

/**
 * The mappings that lead somewhere. Those of a family that a sandbox has lost with a network rest until it is back;
 * those that were published in a routed network have no port of the host, and rest where it would take one; a whole
 * address and what not everybody may use need the host, and rest where it is routed.
 */
export function activePorts(
  endpoints: readonly StoredEndpoint[],
  ports: readonly PortMapping[],
): readonly PortMapping[] {
  const modes = modesOf(endpoints)
  const isActive = ({ protocol, hostIp, hostPort, allow }: PortMapping) => {
    const mode = modes[familyOf(hostIp)]
    if (mode === 'routed') return protocol !== 'all' && allow === undefined
    return mode !== undefined && (protocol === 'all' || hostPort !== 0)
  }
  return ports.every(isActive) ? ports : ports.filter(isActive)
}

/** Those of them that take a port or an address of the host: in routed networks none does. */
export function mappedPorts(
  endpoints: readonly StoredEndpoint[],
  ports: readonly PortMapping[],
): readonly PortMapping[] {
  const modes = modesOf(endpoints)
  const active = activePorts(endpoints, ports)
  const isMapped = ({ hostIp }: PortMapping) => modes[familyOf(hostIp)] !== 'routed'
  return active.every(isMapped) ? active : active.filter(isMapped)
}

/** How sandbox and world meet, in each family. */
const modesOf = (endpoints: readonly StoredEndpoint[]) => ({
  4: gatewayAddress(endpoints, 4)?.mode,
  6: gatewayAddress(endpoints, 6)?.mode,
})
