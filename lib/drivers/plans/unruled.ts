import type { Operation } from '../../plan/operation.js'
import type { Host } from '../../kernel/host.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import type { LinkInside } from '../driver.js'
import { endpointsOf } from '../index.js'
import { checkNamespace, type StackPlace } from '../stack.js'

/** What takes links off the network that no rule of the host keeps from it. */
export interface Unruled {
  /** With the first part of a removal. */
  down: readonly Operation[]
  /** With the rest. */
  gone: readonly Operation[]
}

/**
 * @param stay - The other endpoints of the sandbox.
 * @returns `undefined` where rules do it for all of the endpoints.
 */
export async function unruledOf(
  host: Host,
  place: StackPlace,
  endpoints: readonly StoredEndpoint[],
  stay: readonly StoredEndpoint[],
): Promise<Unruled | undefined> {
  const links = new Map<number, LinkInside>()
  for (const endpoint of endpoints)
    for (const link of (await endpointsOf(endpoint).unruledLinks?.(endpoint, stay, { host, ...place })) ?? [])
      links.set(link.index, link)
  if (links.size === 0) return undefined
  const { path: netns } = place
  // What has come in the namespace's place is not touched.
  const check = checkNamespace(place).map((one) => ({ ...one, optional: true }) as const)
  const each = (make: (link: LinkInside) => Operation) => [...check, ...[...links.values()].map(make)]
  return {
    down: each(({ name, index }) => ({ op: 'link.set', netns, name, index, up: false })),
    gone: each(({ name, index }) => ({ op: 'link.delete', netns, name, index })),
  }
}
