import { guardPort, leadFrames } from '../drivers/bridge/port.js'
import type { BridgeEndpoint } from '../store/endpoint.js'
import { leadTo } from '../drivers/bridge/leaf.js'
import { leafNumber } from '../store/leaf-name.js'
import { SlipwayError } from '../base/errors.js'
import type { Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import type { NetworkRegistry } from '../networks/registry.js'
import { FAMILIES } from '../store/network-spec.js'
import type { Operation } from '../plan/operation.js'
import { isAtWork, type StoredRecord } from '../store/records.js'
import { Slices } from '../base/slices.js'
import { attempt } from '../claims/collect.js'

/**
 * Puts the links of sandboxes back on their bridges: somebody has deleted a bridge, which takes its ports nowhere, or a
 * port off it. Of those on leaves, gives back what leads there and went with a bridge.
 *
 * @param found - All links of the host, as they were found: what a bridge led to, it has taken along.
 * @param links - As they are by now, where some have been made again.
 * @returns Names of the sandboxes whose links were put back.
 */
export async function attachLinks(
  { host, networks }: { host: Host; networks: NetworkRegistry },
  records: readonly StoredRecord[],
  found: readonly LinkInfo[],
  links = found,
): Promise<ReadonlySet<string>> {
  const there = new Set(found.map(({ name }) => name))
  const byName = new Map(links.map((link) => [link.name, link]))
  const routed = records.some(({ record }) => record.endpoints.some(({ leafOf }) => leafOf !== undefined))
    ? await routesOf(host)
    : new Set<string>()
  const attached = new Set<string>()
  const slices = new Slices()
  for (const { record, path, text, marked } of records) {
    const { name, endpoints } = record
    const pause = slices.next()
    if (pause) await pause
    for (const endpoint of endpoints) {
      const { network, bridge, hostLink, leafOf } = endpoint
      const link = byName.get(hostLink)
      // Of one whose other end is down yet, whoever makes it comes to that.
      if (!link || (!marked && isAtWork(record))) continue
      const leads = lostLeads(endpoint, routed, leafOf === undefined || there.has(leafOf))
      const isOff = link.master !== byName.get(bridge)?.index
      if (!isOff && leads.length === 0) continue
      try {
        const { hairpin, spec } = await networks.ready(network)
        // A record may name any bridge: it is one of this network, or not ours to put anything on.
        if (bridge !== spec.bridge && leafNumber(spec, bridge) === undefined) continue
        const refusal = await attempt(host, [
          ...(isOff
            ? [
                { op: 'link.set', name: hostLink, master: bridge, ...guardPort(hairpin), up: true } as const,
                leadFrames(endpoint),
              ]
            : []),
          ...leads,
          { op: 'link.settle', name: hostLink },
          // Last: who removes the sandbox meanwhile takes this away with the rest, or it is taken back.
          { op: 'file.check', path, expected: text },
        ])
        if (!refusal) attached.add(name)
      } catch (error) {
        // The network is gone, or cannot be had: who uses it hears of it.
        if (!(error instanceof SlipwayError)) throw error
      }
    }
  }
  return attached
}

/**
 * A bridge that was deleted has taken routes or answers along. An answer that is there already stays as it is.
 *
 * @param answered - Whether the network's own bridge was there, and with it what it answers for.
 */
function lostLeads(endpoint: BridgeEndpoint, routed: ReadonlySet<string>, answered: boolean): Operation[] {
  const leads = leadTo(endpoint).filter(
    (operation) => operation.op !== 'route.add' || !routed.has(operation.destination.split('/')[0] ?? ''),
  )
  return answered && !leads.some(({ op }) => op === 'route.add') ? [] : leads
}

/** Addresses that the host has a route to each of. */
async function routesOf(host: Host): Promise<Set<string>> {
  const routed = new Set<string>()
  for (const family of FAMILIES) {
    for (const { destination } of await host.ask('routes', { ipv6: family === 6 })) {
      const [address = '', prefix] = destination.split('/')
      if (prefix === undefined || prefix === (family === 4 ? '32' : '128')) routed.add(address)
    }
  }
  return routed
}
