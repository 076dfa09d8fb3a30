import { familyOf } from '../base/addresses/ip.js'
import type { ForwardedPort } from '../plan/operation.js'
import type { PortMapping } from '../base/port-mapping.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { activePorts, gatewayAddress, gatewayEndpoint } from './gateway.js'

/**
 * Ports of TCP that move from endpoints that stay. What has begun by them is to be forgotten: the answers would leave
 * by another network, and be dropped. The client's next packet comes to the new address, which says that it is over.
 */
export function movedPorts(
  endpoints: readonly StoredEndpoint[],
  ports: readonly PortMapping[],
  after: readonly StoredEndpoint[],
): ForwardedPort[] {
  const hasMoved = ({ hostIp }: PortMapping) =>
    gatewayEndpoint(endpoints, familyOf(hostIp)) !== gatewayEndpoint(after, familyOf(hostIp))
  return forwardedPorts(endpoints, ports.filter(hasMoved))
}

/**
 * Ports of TCP among these, and where they lead. Those of other protocols have zones, by which their clients are led
 * elsewhere at once.
 */
export function forwardedPorts(endpoints: readonly StoredEndpoint[], ports: readonly PortMapping[]): ForwardedPort[] {
  return activePorts(endpoints, ports).flatMap(({ protocol, hostIp, hostPort, containerPort }) => {
    const address = gatewayAddress(endpoints, familyOf(hostIp))?.address
    return address === undefined || (protocol !== 'tcp' && protocol !== 'all')
      ? []
      : [{ address, port: containerPort, hostPort }]
  })
}
