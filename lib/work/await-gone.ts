import { SlipwayError } from '../base/errors.js'
import type { PlanRefused } from '../kernel/refusal.js'
import type { SetDefinition } from '../plan/operation.js'
import { claimedAddress, isAddressClaim, isEndpointClaim, macs, portMaps } from '../policy/sets.js'
import { ownerOf } from '../claims/refusals.js'
import { leftAddresses, reconcile } from '../heal/index.js'
import { isLeaving, listAllRecords, readAnyRecord, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { FAMILIES } from '../store/network-spec.js'
import { OwnedElements, commentOf } from '../claims/owned.js'
import { readOwner } from '../store/owner.js'
import { now, sleep } from '../base/timers.js'
import type { Context } from './context.js'
import { sandboxKey } from './removals.js'

/** How long, in milliseconds, what another process takes away is waited for, and how long between two looks. */
const PATIENCE_MS = 5000
const STEP_MS = 2

/**
 * Waits until what is left of a sandbox that was removed has gone, whichever process is at it. Returns whether there
 * was something to wait for.
 *
 * @param absent - What to return where it has no record, or none any more.
 */
export async function awaitGone(context: Context, name: string, absent = false): Promise<boolean> {
  const own = context.removals.of(sandboxKey(name))
  if (own) {
    await own
    return true
  }
  const deadline = now() + PATIENCE_MS
  const first = await readAnyRecord(context.records, name)
  if (!first) return absent
  if (!first.record.removing) return false
  for (let found = first; found.record.id === first.record.id;) {
    // Who was at it has died, or given up.
    if (!isLeaving(found.record)) {
      await reconcile(context)
      return true
    }
    if (now() > deadline) return false
    await sleep(STEP_MS)
    const next = await readAnyRecord(context.records, name)
    if (!next) return true
    found = next
  }
  return true
}

/**
 * The same of a sandbox that has what is wanted. One whose record cannot be read has it for as long as that cannot be
 * read.
 */
export async function awaitOwnerGone(context: Context, name: string): Promise<boolean> {
  try {
    return await awaitGone(context, name)
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'CONFLICT') return false
    throw error
  }
}

/** The same for all addresses, as far as they become free before long. */
export async function awaitAllFree({ host, records, removals }: Context): Promise<void> {
  await removals.awaitFree()
  for (const deadline = now() + PATIENCE_MS; now() < deadline; await sleep(STEP_MS)) {
    const owned = await OwnedElements.read(host, new Set(['inet']))
    const stored = (await listAllRecords(records)).map(({ record }) => record)
    const known = new Set(stored.map(commentOf))
    const left = [...owned].filter(({ set, owner }) => isAddressClaim(set) && !known.has(owner))
    if (left.length + leftAddresses(stored, owned).length === 0) return
  }
}

/** Whether a plan was refused as another endpoint of the network has the MAC. */
export const isMacTaken = ({ operation, errnoName }: PlanRefused): boolean =>
  operation.op === 'element.add' && operation.set === macs.set && errnoName === 'EEXIST'

/** Waits until an address that an endpoint has left is free, whichever process is at it. Returns whether it is. */
export async function awaitFree(context: Context, set: SetDefinition, key: string): Promise<boolean> {
  const address = claimedAddress(key)
  await context.removals.awaitFree(address)
  return awaitGivenUp(
    context,
    set,
    key,
    (record, comment) =>
      commentOf(record) === comment &&
      record.endpoints.some((endpoint) => FAMILIES.some((family) => endpoint.addresses[family]?.address === address)),
  )
}

/**
 * The same of a port that a sandbox was given while it was half made, as another process has written the ruleset anew
 * by its record: that process takes it back, now that the record has gone.
 */
const awaitTakenBack = (context: Context, set: SetDefinition, key: string): Promise<boolean> =>
  awaitGivenUp(context, set, key, () => true)

/** @param has - Whether the sandbox that has the name of a claim's owner has what is claimed. */
async function awaitGivenUp(
  { host, records }: Context,
  set: SetDefinition,
  key: string,
  has: (record: SandboxRecord, comment: string) => boolean,
): Promise<boolean> {
  for (const deadline = now() + PATIENCE_MS; ;) {
    const claim = await host.find('element', { ...set, key })
    if (!claim) return true
    const owner = readOwner(claim.comment)
    const found = owner && (await readOr(records, owner.name))
    if (!owner || found === 'damaged' || (found && has(found.record, claim.comment))) return false
    // Who was at it has died: the next open() gives it up.
    if (now() > deadline) return false
    await sleep(STEP_MS)
  }
}

async function readOr(records: string, name: string): Promise<StoredRecord | 'damaged' | undefined> {
  try {
    return await readAnyRecord(records, name)
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'CONFLICT') return 'damaged'
    throw error
  }
}

/**
 * Whether a plan was refused for the name, an address or the MAC of a sandbox that was removed, and has gone by now; or
 * for a port that it was given itself before, and has no more.
 */
export async function awaitedLeavingHolder(
  context: Context,
  name: string,
  { operation, element, errnoName }: PlanRefused,
): Promise<boolean> {
  if (errnoName !== 'EEXIST') return false
  // A record that was there in the moment of the refusal, and is not there now, has gone since.
  if (operation.op === 'file.create') return awaitGone(context, name, true)
  if (operation.op !== 'element.add') return false
  const isPort = portMaps.some(({ set }) => set === operation.set)
  if (!isPort && !isEndpointClaim(operation)) return false
  const key = operation.elements[element]?.key ?? ''
  const owner = await ownerOf(operation, key, context.host)
  // It has gone since.
  if (owner === undefined) return true
  if (isPort) return owner === name && awaitTakenBack(context, operation, key)
  return (await awaitOwnerGone(context, owner)) || (isAddressClaim(operation) && awaitFree(context, operation, key))
}
