import { dirname } from 'node:path'
import { endpointsOf } from '../drivers/index.js'
import type { Host } from '../kernel/host.js'
import { Slices } from '../admission/slices.js'
import { asOfNow } from '../store/namespace.js'
import { thisProcess } from '../store/maker.js'
import { ownerComment } from '../store/owner.js'
import { isAtWork, isLeaving, readRecord, toStored, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { writtenTables } from '../claims/ruleset-tables.js'
import { tryPlan, removeIfThere, removeHostRoutes } from '../claims/remove-if-there.js'
import type { SetContents } from '../claims/set-contents.js'
import { commentOf } from '../claims/owned.js'
import { dropEndpoints } from './drop-endpoints.js'
import { hostLinksOf } from './links-of.js'
import { isWhole, isWholeInside, takeSnapshot, type Snapshot } from './whole.js'

/** What of the sandboxes of a host stays. */
export interface Sorted {
  kept: StoredRecord[]
  /** Those of them that were made to their end. */
  made: ReadonlySet<StoredRecord>
  /** Owners of elements, and links of the host, that are theirs. */
  known: Set<string>
  /** The look that was taken while they were sorted, where the first did not tell. */
  again: Snapshot | undefined
}

/**
 * Tells sandboxes that were made from those that are half made or half removed. Of what was made, endpoints go that are
 * half connected or on a network that is gone. What is half there begins to end.
 *
 * @param there - Names of the networks that there are.
 * @param ended - What begins to end comes here.
 * @param say - Told what was done.
 */
export async function sortRecords(
  host: Host,
  {
    stored,
    first,
    there,
    setContents,
  }: { stored: readonly StoredRecord[]; first: Snapshot; there: ReadonlySet<string>; setContents: SetContents },
  ended: StoredRecord[],
  say: (what: string) => void,
): Promise<Sorted> {
  const known = new Set<string>()
  const made = new Set<StoredRecord>()
  const kept: StoredRecord[] = []
  let again: Snapshot | undefined
  // One that is being made says so by being without the mark; those of earlier versions were without it, too.
  const wasMade = async (item: StoredRecord, look: Snapshot): Promise<boolean> =>
    (item.marked || !isAtWork(item.record)) && ((await isWhole(item, look, host)) || (await isUnruled(item)))
  const isRuled = async ({ endpoints }: SandboxRecord): Promise<boolean> => {
    for (const endpoint of endpoints) {
      const rule = endpointsOf(endpoint).rule(endpoint)
      if (!rule || (await setContents.has(...rule))) return true
    }
    return false
  }
  const isUnruled = async ({ record }: StoredRecord): Promise<boolean> =>
    !record.removing && !(await isRuled(record)) && (await isWholeInside(record, host))

  const slices = new Slices()
  for (const item of stored) {
    const pause = slices.next()
    if (pause) await pause
    let now = item
    const { record } = item
    const know = () => {
      known.add(commentOf(record))
      for (const name of hostLinksOf(now.record)) known.add(name)
    }
    if (isLeaving(record)) {
      know()
      continue
    }
    if (await wasMade(item, first)) {
      // Whatever it lacks, it stays.
      now = await dropEndpoints(host, item, first.owned, first.links, there)
      if (now !== item)
        say(
          `sandbox ${record.name}: ${record.busy ? 'half connected or disconnected, ended' : 'a network of it is gone, taken off it'}`,
        )
      // Of a process that has ended: those of earlier versions, and of one that ended in the moment before the mark.
      if (!item.marked) await tryPlan(host, [{ op: 'file.mark', path: item.path }])
      made.add(now)
    } else if (record.removing || !isAtWork(record)) {
      // It may have been made since the first look, by a process that has come to its end by now.
      again ??= await takeSnapshot(host, await writtenTables(host))
      const later = record.removing ? undefined : await readRecord(dirname(item.path), record.name)
      if (later?.record.id === record.id && (await wasMade(later, again))) {
        now = later
        made.add(now)
      } else {
        if (await beginToEnd(host, item, ended)) say(`sandbox ${record.name}: half made or half removed, removed`)
        else know()
        continue
      }
    }
    kept.push(now)
    know()
  }
  return { kept, made, known, again }
}

/**
 * Ends what is half made or half removed: all but its elements, its links and its record, which goes last. From then on
 * this process is at it: of two that open the host at once, each after a while of thinking, one would take away what
 * the other has made anew.
 *
 * @param ended - The record by then comes here.
 * @returns Whether no other process is at it, or was.
 */
async function beginToEnd(host: Host, { record, path, text }: StoredRecord, ended: StoredRecord[]): Promise<boolean> {
  const mark = toStored(dirname(path), { ...record, removing: true, busy: thisProcess() })
  if (await tryPlan(host, [{ op: 'file.replace', path, content: mark.text, expected: text }])) return false
  ended.push(mark)
  for (const endpoint of record.endpoints)
    await removeHostRoutes(host, endpointsOf(endpoint).dropHostRoutes(endpoint), ownerComment(record.name, record.id))
  if (!record.foreign && record.stack !== 'host')
    await removeIfThere(host, [
      { op: 'netns.delete', path: record.path, namespace: record.namespace && asOfNow(record.namespace) },
    ])
  return true
}
