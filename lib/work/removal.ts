import * as bridge from '../drivers/bridge/sandbox.js'
import * as container from '../drivers/container/sandbox.js'
import * as hostDriver from '../drivers/host/sandbox.js'
import type { Leaving } from '../drivers/leaving.js'
import * as none from '../drivers/none/sandbox.js'
import type { Namespace } from '../plan/operation.js'
import { ownerComment } from '../store/owner.js'
import { idle, store, unbusy, type StoredRecord } from '../store/records.js'
import { joinedId, ownerOfJoined } from './sharing.js'

/**
 * What removes a sandbox, by whichever driver made it.
 *
 * @param namespace - Its own, where that is known: what its path leads to instead stays.
 */
export async function removalPlan(
  { path, record: sandbox, text }: StoredRecord,
  records: string,
  namespace: Namespace | undefined,
  mark?: string,
): Promise<Leaving> {
  const record = { path, content: text, ...(mark === undefined ? {} : { mark }) }
  const foreign = sandbox.foreign ?? false
  if (sandbox.network === 'host') return hostDriver.removeSandbox({ record })
  if (joinedId(sandbox) !== undefined) {
    const owner = await unbusy(() => ownerOfJoined(sandbox, records))
    return container.removeSandbox(
      { path: sandbox.path, namespace, shares: foreign, record },
      owner && without(owner, sandbox.id, records),
    )
  }
  if (sandbox.endpoints.length === 0) return none.removeSandbox({ path: sandbox.path, namespace, foreign, record })
  const { endpoints, ports, name, id } = sandbox
  return bridge.removeSandbox(
    { path: sandbox.path, namespace, foreign, endpoints, ports, owner: ownerComment(name, id), record },
    (sandbox.sharedBy ?? []).length > 0,
  )
}

function without(owner: StoredRecord, id: string, records: string) {
  const { sharedBy: _, ...rest } = idle(owner.record)
  const sharedBy = (owner.record.sharedBy ?? []).filter((other) => other !== id)
  const after = store(records, sharedBy.length > 0 ? { ...rest, sharedBy } : rest)
  return { path: owner.path, before: owner.text, content: after.text }
}
