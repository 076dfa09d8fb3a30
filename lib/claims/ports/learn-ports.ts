import { elementName, publishedName } from '../../policy/elements.js'
import { isResolverElement } from '../../policy/resolver-elements.js'
import { portMaps, whole } from '../../policy/sets.js'
import type { Host } from '../../kernel/host.js'
import type { SetDefinition } from '../../plan/operation.js'
import type { Protocol } from '../../base/protocol.js'
import { readOwner } from '../../store/owner.js'
import { EVERY } from '../../base/addresses/every.js'
import type { PortTable } from './port-table.js'
import type { HostPort } from '../../base/port-mapping.js'

/** Whether a set is one of those in which ports are claimed. */
export const isPublished = ({ set }: SetDefinition): boolean => portMaps.some((map) => map.set === set)

/**
 * Learns which ports the kernel knows as published: other processes have published and unpublished since this one
 * looked.
 */
export async function learnPorts({ host, ports }: { host: Host; ports: PortTable }): Promise<void> {
  // What settles while the kernel is asked may be missing in its answer.
  const before = ports.settled()
  const published = new Set<string>()
  for (const { map, key, comment } of await readPublished(host)) {
    published.add(elementName(map, key))
    const port = readKey(map, key)
    if (!ports.take(port, readOwner(comment)?.name ?? comment)) ports.settle(port)
  }
  for (const { port, holder } of before) {
    if (!published.has(publishedName({ ...port, containerPort: 0 }))) ports.releaseFrom(holder, port)
  }
}

/** Names of all ports that are published, as {@link publishedName} has them. */
export const publishedNames = async (host: Host): Promise<Set<string>> =>
  new Set((await readPublished(host)).map(({ map, key }) => elementName(map, key)))

async function readPublished(host: Host): Promise<{ map: SetDefinition; key: string; comment: string }[]> {
  const found = []
  for (const map of portMaps) {
    for (const { key, data, comment } of (await host.find('elements', map)) ?? []) {
      if (!isResolverElement({ key, data })) found.push({ map, key, comment })
    }
  }
  return found
}

function readKey({ set, dataType }: SetDefinition, key: string): HostPort {
  if (set === whole[4].set || set === whole[6].set) return { protocol: 'all', hostIp: key, hostPort: 0 }
  const every = EVERY[dataType?.startsWith('ipv6_addr') ? 6 : 4]
  const [hostPort, protocol, hostIp = every] = key.split(' . ').reverse()
  return { protocol: protocol as Protocol, hostIp, hostPort: Number(hostPort) }
}
