import type { PortMapping, PortRequest } from '../../base/port-mapping.js'

/**
 * The mappings that a request to unpublish means. What it leaves out may be anything: the port inside alone means all
 * its mappings, a host port those on every address. Who may connect does not matter.
 */
export function matching(
  mappings: readonly PortMapping[],
  { protocol, containerPort, hostIp, hostPort }: PortRequest,
): PortMapping[] {
  const [first, last] = typeof hostPort === 'object' ? hostPort : [hostPort ?? 0, hostPort ?? 65535]
  return mappings.filter(
    (mapping) =>
      mapping.protocol === protocol &&
      mapping.containerPort === containerPort &&
      (hostIp === undefined || mapping.hostIp === hostIp) &&
      mapping.hostPort >= first &&
      mapping.hostPort <= last,
  )
}
