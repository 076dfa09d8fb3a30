import type { RemovalPlans } from '../drivers/removal-plans.js'
import { removeSandbox } from '../drivers/plans/remove.js'
import { deleteUnfiltered } from '../drivers/plans/delete-unfiltered.js'
import type { Host } from '../kernel/host.js'
import type { Namespace, Plan } from '../plan/operation.js'
import { ownerComment } from '../store/owner.js'
import { idle, toStored, whenIdle, type StoredRecord } from '../store/records.js'
import { joinedId, ownerOfJoined } from './sharing.js'
import { deleteUnfilteredLinks } from './delete-unfiltered-links.js'

/**
 * What removes a sandbox: its plans, and what comes between them.
 *
 * @param namespace - Its own, where that is known: what its path leads to instead stays.
 * @param rerouted - Of a router: what makes known that no routes lead through it any more.
 */
export async function removalPlan(
  host: Host,
  { path, record: sandbox, text }: StoredRecord,
  records: string,
  namespace: Namespace | undefined,
  mark?: string,
  rerouted?: Plan,
): Promise<RemovalPlans & { off?: () => Promise<void> }> {
  const { id, name, stack, endpoints, ports } = sandbox
  const owner = joinedId(sandbox) === undefined ? undefined : await whenIdle(() => ownerOfJoined(sandbox, records))
  const place = { path: sandbox.path, namespace, foreign: (sandbox.foreign ?? false) || stack === 'host' }
  const found = deleteUnfiltered(host, place, endpoints, [])
  const unfiltered = found instanceof Promise ? await found : found
  const plans = removeSandbox({
    ...place,
    unfiltered,
    endpoints,
    ports,
    owner: ownerComment(name, id),
    forwarding: sandbox.forwarding,
    rerouted,
    record: { path, content: text, ...(mark === undefined ? {} : { mark }) },
    shared: (sandbox.sharedBy ?? []).length > 0,
    joined: owner && without(owner, id, records),
  })
  // Without such a link, nobody inside can make another.
  return unfiltered.length === 0
    ? plans
    : { ...plans, off: () => deleteUnfilteredLinks(host, name, place, endpoints, []) }
}

function without(owner: StoredRecord, id: string, records: string) {
  const { sharedBy: _, ...rest } = idle(owner.record)
  const sharedBy = (owner.record.sharedBy ?? []).filter((other) => other !== id)
  const after = toStored(records, sharedBy.length > 0 ? { ...rest, sharedBy } : rest)
  return { path: owner.path, before: owner.text, content: after.text }
}
