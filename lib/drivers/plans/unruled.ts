import type { Operation } from '../../plan/operation.js'
import type { Host } from '../../kernel/host.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import { endpointsOf } from '../index.js'
import { checkNamespace, type StackPlace } from '../stack.js'

/** What takes links off the network that no rule of the host keeps from it. */
export interface Unruled {
  /** With the first part of a removal. */
  down: readonly Operation[]
  /** With the rest. */
  gone: readonly Operation[]
}

/** @returns `undefined` where rules do it for all of the endpoints. */
export async function unruledOf(
  host: Host,
  place: StackPlace,
  endpoints: readonly StoredEndpoint[],
): Promise<Unruled | undefined> {
  const names: string[] = []
  for (const endpoint of endpoints)
    names.push(...((await endpointsOf(endpoint).unruledLinks?.(endpoint, { host, ...place })) ?? []))
  if (names.length === 0) return undefined
  const { path: netns } = place
  // What has come in the namespace's place is not touched.
  const check = checkNamespace(place).map((one) => ({ ...one, optional: true }) as const)
  const each = (make: (name: string) => Operation) => [...check, ...[...new Set(names)].map(make)]
  return {
    down: each((name) => ({ op: 'link.set', netns, name, up: false })),
    gone: each((name) => ({ op: 'link.delete', netns, name })),
  }
}
