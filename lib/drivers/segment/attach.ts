import { SlipwayError } from '../../base/errors.js'
import { tryPlan } from '../../claims/remove-if-there.js'
import type { Host } from '../../kernel/host.js'
import { FAMILIES } from '../../store/network-spec.js'
import { isAtWork } from '../../store/records.js'
import type { Attaching } from '../driver.js'
import type { SegmentBody } from './endpoints.js'
import { hostRoutesTo } from './host-routes.js'
import type { SegmentNetwork } from './spec.js'

/**
 * Gives the host back its routes to sandboxes on a segment: they went with its own link there, which somebody has
 * deleted or taken down.
 *
 * @returns Names of the sandboxes that the host reaches again.
 */
export async function reattachHostRoutes({
  host,
  ready,
  records,
  isOwn,
}: Attaching<SegmentBody>): Promise<ReadonlySet<string>> {
  const attached = new Set<string>()
  let routed: ReadonlySet<string> | undefined
  for (const { record, path, text, marked } of records) {
    // Whoever makes it comes to that.
    if (!marked && isAtWork(record)) continue
    for (const endpoint of record.endpoints) {
      if (!isOwn(endpoint) || endpoint.body.shim === undefined) continue
      routed ??= await routesOf(host)
      const had = routed
      const hostRoutes = hostRoutesTo(endpoint).filter(
        (lead) => lead.op !== 'route.add' || !had.has(lead.destination.split('/')[0] ?? ''),
      )
      if (hostRoutes.length === 0) continue
      try {
        const { spec } = await ready(endpoint.network)
        // A record may name any link: it is that of this network, or not ours to lead anything through.
        if ((spec as SegmentNetwork).shim?.name !== endpoint.body.shim) continue
        // Last: who removes the sandbox meanwhile takes this away with the rest, or it is taken back.
        const refusal = await tryPlan(host, [...hostRoutes, { op: 'file.check', path, expected: text }])
        if (!refusal) attached.add(record.name)
      } catch (error) {
        // The network is gone, or its parent is: who uses it hears of it.
        if (!(error instanceof SlipwayError)) throw error
      }
    }
  }
  return attached
}

/** Addresses that the host has a route to each of. */
async function routesOf(host: Host): Promise<ReadonlySet<string>> {
  const routed = new Set<string>()
  for (const family of FAMILIES)
    for (const { destination } of await host.ask('routes', { ipv6: family === 6 }))
      routed.add(destination.replace(family === 4 ? /\/32$/ : /\/128$/, ''))
  return routed
}
