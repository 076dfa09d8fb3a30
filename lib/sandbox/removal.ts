import * as bridge from '../drivers/bridge.js'
import * as hostDriver from '../drivers/host.js'
import * as none from '../drivers/none.js'
import type { Plan } from '../plan/operation.js'
import { ownerComment, type StoredRecord } from '../state/records.js'

/** The plan that removes a sandbox, by whichever driver made it. */
export function removalPlan({ path, record: sandbox, text }: StoredRecord): Plan {
  const record = { path, content: text }
  if (sandbox.network === 'host') return hostDriver.removeSandbox({ record })
  if (!sandbox.endpoint) return none.removeSandbox({ path: sandbox.path, record })
  return bridge.removeSandbox({ path: sandbox.path, endpoint: sandbox.endpoint, ports: sandbox.ports, owner: ownerComment(sandbox.name, sandbox.id), record })
}
