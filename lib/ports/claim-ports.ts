import { SlipwayError } from '../errors.js'
import { mapOf, publishedElement } from '../firewall/elements.js'
import { published4, publishedAt4 } from '../firewall/sets.js'
import type { Host, PlanRefused } from '../host.js'
import type { Protocol } from '../plan/operation.js'
import { ownerOf, portInUse } from '../refusals.js'
import { readOwner } from '../state/records.js'
import type { DynamicPorts } from './dynamic-ports.js'
import { isComplete, type PortMapping, type PortRequest } from './mapping.js'
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
    for (const request of requests) claimed.push(claimFree(request) ?? (await claim(request)))
    return claimed
  } catch (error) {
    for (const mapping of claimed) ports.release(mapping)
    throw error
  }

  // What nearly every request is: a port that is named, and free.
  function claimFree(request: PortRequest): PortMapping | undefined {
    return isComplete(request) && !ports.take(request, owner) ? request : undefined
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

/**
 * Whether a plan was refused for a host port that had been chosen by us and not by the caller; if so, what there is to
 * learn is learned.
 *
 * @param mappings - What `requests` became.
 */
export async function wasGuessedPort(
  context: { host: Host; ports: PortTable },
  requests: readonly PortRequest[],
  mappings: readonly PortMapping[],
  { operation, element, errnoName }: PlanRefused,
): Promise<boolean> {
  const isGuess = (protocol: string | undefined, port: number) => {
    const index = mappings.findIndex((mapping) => mapping.protocol === protocol && mapping.hostPort === port)
    return index >= 0 && requests[index]?.hostPort === undefined
  }
  if (operation.op === 'port.reserve' && errnoName === 'EADDRINUSE') return isGuess(operation.protocol, operation.port)
  if (operation.op !== 'element.add' || errnoName !== 'EEXIST') return false
  if (operation.set !== published4.set && operation.set !== publishedAt4.set) return false
  const [port, protocol] = (operation.elements[element]?.key ?? '').split(' . ').reverse()
  await learnPorts(context)
  return isGuess(protocol, Number(port))
}

/** Learns the ports that the kernel knows as published: other processes have published since this one looked. */
async function learnPorts({ host, ports }: { host: Host; ports: PortTable }): Promise<void> {
  for (const map of [published4, publishedAt4]) {
    for (const { key, comment } of (await host.find('elements', map)) ?? []) {
      const [port, protocol, hostIp = '0.0.0.0'] = key.split(' . ').reverse()
      const mapping = { protocol: protocol as Protocol, hostIp, hostPort: Number(port), containerPort: 0 }
      if (!ports.take(mapping, readOwner(comment)?.name ?? comment)) ports.settle(mapping)
    }
  }
}
