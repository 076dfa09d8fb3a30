import { SlipwayError } from '../errors.js'
import type { Host } from '../host.js'
import type { LinkInfo } from '../native.js'
import type { NetworkRegistry } from '../network/registry.js'
import type { SandboxRecord } from '../state/records.js'
import { attempt } from './collect.js'

/**
 * Puts the links of sandboxes back on their bridges: somebody has deleted a bridge, which takes its ports nowhere, or a port off
 * it.
 *
 * @param links - All of the host, as they were found.
 * @returns Names of the sandboxes whose links were put back.
 */
export async function attachLinks({ host, networks }: { host: Host; networks: NetworkRegistry }, records: readonly SandboxRecord[], links: readonly LinkInfo[]): Promise<string[]> {
  const byName = new Map(links.map((link) => [link.name, link]))
  const attached = new Set<string>()
  for (const { name, endpoints } of records) {
    for (const { network, bridge, hostLink } of endpoints) {
      const link = byName.get(hostLink)
      if (!link || link.master === byName.get(bridge)?.index) continue
      try {
        const { hairpin } = await networks.ready(network)
        const refusal = await attempt(host, [
          { op: 'link.set', name: hostLink, master: bridge, ...(hairpin ? { hairpin } : {}), up: true },
          { op: 'link.settle', name: hostLink },
        ])
        if (!refusal) attached.add(name)
      } catch (error) {
        // The network is gone, or cannot be had: who uses it hears of it.
        if (!(error instanceof SlipwayError)) throw error
      }
    }
  }
  return [...attached]
}
