import { SlipwayError } from '../errors.js'
import { mapOf, publishedElement } from '../firewall/elements.js'
import type { Host } from '../host.js'
import { ownerOf, portInUse } from '../refusals.js'
import type { DynamicPorts } from './dynamic-ports.js'
import type { PortMapping, PortRequest } from './mapping.js'
import type { PortTable } from './port-table.js'

/**
 * Takes host ports for a sandbox in this process's table, choosing those that are not given. The kernel's claim
 * follows with the plan; until then another caller of this process meets the table.
 *
 * @throws {SlipwayError} `PORT_IN_USE`, naming the owner; `EXHAUSTED`. Nothing is taken then.
 */
export async function claimPorts(
  { host, ports, dynamicPorts }: { host: Host; ports: PortTable; dynamicPorts: DynamicPorts },
  requests: readonly PortRequest[],
  owner: string,
): Promise<PortMapping[]> {
  const claimed: PortMapping[] = []
  try {
    for (const request of requests) claimed.push(await claim(request))
    return claimed
  } catch (error) {
    for (const mapping of claimed) ports.release(mapping)
    throw error
  }

  async function claim(request: PortRequest): Promise<PortMapping> {
    if (request.hostPort !== undefined) return claimThis({ ...request, hostPort: request.hostPort })
    const hostPort = await dynamicPorts.choose(request.protocol, (protocol, port) => ports.isFree(protocol, port))
    if (hostPort === undefined) throw new SlipwayError('EXHAUSTED', `No host port is left for ${request.containerPort}/${request.protocol}: all of net.ipv4.ip_local_port_range are published or reserved.`)
    const mapping = { ...request, hostPort }
    ports.take(mapping, owner)
    return mapping
  }

  async function claimThis(mapping: PortMapping): Promise<PortMapping> {
    for (;;) {
      const holder = ports.take(mapping, owner)
      if (!holder) return mapping
      // Another process may have removed its sandbox since: ask the kernel who holds it now.
      const held = { ...mapping, hostIp: holder.hostIp }
      const current = holder.settled ? await ownerOf(mapOf(held), publishedElement(held, '', '').key, host) : holder.owner
      if (current !== undefined) throw new SlipwayError('PORT_IN_USE', portInUse(`${mapping.hostPort}/${mapping.protocol}`, current))
      ports.release(held)
    }
  }
}
