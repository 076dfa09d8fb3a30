import type { PlanRefused } from '../host.js'
import { isEndpointClaim, macs } from '../firewall/sets.js'
import { ownerOf } from '../refusals.js'
import { reconcile } from '../reconcile/reconcile.js'
import { isLeaving, readAnyRecord } from '../state/records.js'
import type { Context } from './context.js'
import { sandboxKey } from './departures.js'
import { setTimeout } from '../timers.js'

/** How long, in milliseconds, what another process takes away is waited for, and how long between two looks. */
const PATIENCE_MS = 5000
const STEP_MS = 2

/**
 * Waits until what is left of a sandbox that was removed has gone, whichever process is at it. Returns whether there was
 * something to wait for.
 */
export async function awaitGone(context: Context, name: string): Promise<boolean> {
  const own = context.departures.of(sandboxKey(name))
  if (own) {
    await own
    return true
  }
  const deadline = Date.now() + PATIENCE_MS
  const first = await readAnyRecord(context.records, name)
  if (!first?.record.removing) return false
  for (let found = first; found.record.id === first.record.id; ) {
    // Who was at it has died, or given up.
    if (!isLeaving(found.record)) {
      await reconcile(context)
      return true
    }
    if (Date.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, STEP_MS))
    const next = await readAnyRecord(context.records, name)
    if (!next) return true
    found = next
  }
  return true
}

/** Whether a plan was refused as another endpoint of the network has the MAC. */
export const isMacTaken = ({ operation, errnoName }: PlanRefused): boolean => operation.op === 'element.add' && operation.set === macs.set && errnoName === 'EEXIST'

/** Whether a plan was refused for the name, an address or the MAC of a sandbox that was removed, and has gone by now. */
export async function wasLeaving(context: Context, name: string, { operation, element, errnoName }: PlanRefused): Promise<boolean> {
  if (errnoName !== 'EEXIST') return false
  if (operation.op === 'file.create') return awaitGone(context, name)
  if (operation.op !== 'element.add' || !isEndpointClaim(operation)) return false
  const owner = await ownerOf(operation, operation.elements[element]?.key ?? '', context.host)
  return owner !== undefined && awaitGone(context, owner)
}
