import { mapOf, publishedKey } from '../firewall/elements.js'
import { isResolverElement } from '../firewall/resolver-elements.js'
import { portMaps, whole } from '../firewall/sets.js'
import type { Host } from '../host.js'
import type { Protocol, SetDefinition } from '../plan/operation.js'
import { readOwner } from '../state/owner.js'
import { EVERY } from './host-address.js'
import type { HostPort, PortTable } from './port-table.js'

/** Whether a set is one of those in which ports are claimed. */
export const isPublished = ({ set }: SetDefinition): boolean => portMaps.some((map) => map.set === set)

/** Learns which ports the kernel knows as published: other processes have published and unpublished since this one looked. */
export async function learnPorts({ host, ports }: { host: Host; ports: PortTable }): Promise<void> {
  // What settles while the kernel is asked may be missing in its answer.
  const before = ports.settled()
  const published = new Set<string>()
  for (const map of portMaps) {
    for (const { key, data, comment } of (await host.find('elements', map)) ?? []) {
      if (isResolverElement({ key, data })) continue
      published.add(`${map.set} ${key}`)
      const port = readKey(map, key)
      if (!ports.take(port, readOwner(comment)?.name ?? comment)) ports.settle(port)
    }
  }
  for (const { port, holder } of before) {
    const mapping = { ...port, containerPort: 0 }
    if (!published.has(`${mapOf(mapping).set} ${publishedKey(mapping)}`)) ports.releaseFrom(holder, port)
  }
}

function readKey({ set, dataType }: SetDefinition, key: string): HostPort {
  if (set === whole[4].set || set === whole[6].set) return { protocol: 'all', hostIp: key, hostPort: 0 }
  const every = EVERY[dataType?.startsWith('ipv6_addr') ? 6 : 4]
  const [hostPort, protocol, hostIp = every] = key.split(' . ').reverse()
  return { protocol: protocol as Protocol, hostIp, hostPort: Number(hostPort) }
}
