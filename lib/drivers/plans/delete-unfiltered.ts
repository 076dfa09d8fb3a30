import type { Operation } from '../../plan/operation.js'
import type { Host } from '../../kernel/host.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import type { LinkInside } from '../driver.js'
import { endpointsOf } from '../index.js'
import { checkNamespace, type StackPlace } from '../stack.js'

/**
 * What takes links off the network that no rule of the host keeps from it. They are deleted, with the first part of a
 * removal: what is only lowered, whoever is inside takes up again.
 *
 * @param stay - The other endpoints of the sandbox.
 * @returns Nothing where rules do it for all of the endpoints, or no such link is left.
 */
export function deleteUnfiltered(
  host: Host,
  place: StackPlace,
  endpoints: readonly StoredEndpoint[],
  stay: readonly StoredEndpoint[],
): readonly Operation[] | Promise<readonly Operation[]> {
  return endpoints.some((endpoint) => endpointsOf(endpoint).unfilteredLinks)
    ? lookInside(host, place, endpoints, stay)
    : []
}

async function lookInside(
  host: Host,
  place: StackPlace,
  endpoints: readonly StoredEndpoint[],
  stay: readonly StoredEndpoint[],
): Promise<readonly Operation[]> {
  const links = new Map<number, LinkInside>()
  for (const endpoint of endpoints)
    for (const link of (await endpointsOf(endpoint).unfilteredLinks?.(endpoint, stay, { host, ...place })) ?? [])
      links.set(link.index, link)
  if (links.size === 0) return []
  const { path: netns } = place
  // What has come in the namespace's place is not touched.
  const check = checkNamespace(place).map((one) => ({ ...one, optional: true }) as const)
  return [
    ...check,
    ...[...links.values()].map(({ name, index }) => ({ op: 'link.delete', netns, name, index }) as const),
  ]
}
