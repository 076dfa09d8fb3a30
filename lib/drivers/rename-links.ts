import { tryPlan } from '../claims/remove-if-there.js'
import type { Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import type { Plan } from '../plan/operation.js'

/** A link that goes by another name than its own. */
export interface Misnamed extends Pick<LinkInfo, 'index' | 'name'> {
  own: string
}

/**
 * Gives links of the host their own names back. Some may have each other's: each goes by a third name for a moment. A
 * link that is up keeps what it has (before Linux 6.2, it is refused).
 *
 * @returns Whether they have them.
 */
export async function renameLinks(host: Host, links: readonly Misnamed[]): Promise<boolean> {
  if (links.length === 0) return false
  const between = (index: number) => `slipway${index}`
  const plan: Plan = [
    ...links.map(({ index, name }) => ({ op: 'link.rename', name, index, to: between(index) }) as const),
    ...links.map(({ index, own }) => ({ op: 'link.rename', name: between(index), index, to: own }) as const),
  ]
  return (await tryPlan(host, plan)) === undefined
}
