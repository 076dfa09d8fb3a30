import { Slices } from '../admission/slices.js'
import type { LinkInfo } from '../kernel/native.js'
import { writtenTables } from '../claims/ruleset-tables.js'
import { isAtWork, isBusy, listRecords, readRecord, type SandboxRecord, type StoredRecord } from '../store/records.js'
import type { HealContext } from './context.js'
import { dropEndpoints } from './drop-endpoints.js'
import { healClaims, healSandbox } from './heal-sandbox.js'
import type { Loss } from './healing.js'
import { reattachLinks } from './reattach-links.js'
import { bridgesOf, hostLinksOf } from './links-of.js'
import { claimsOf } from './give-back.js'
import { takeSnapshot, takeSnapshotOf, type Snapshot } from './whole.js'

/** What has become of sandboxes that were looked at. */
export interface HealedSandboxes {
  /** Names of those that were given something back. */
  healed: string[]
  /** What could not be given back. */
  lost: Loss[]
  /** Whether a process is at work on some of them: what it leaves is to be looked at again. */
  left: boolean
}

type Part = Pick<HealContext, 'host' | 'networks' | 'records' | 'routes'>

/**
 * Gives sandboxes what they lack, as an open() would: claims, links, what their links lack.
 *
 * @param isMeant - Which of them.
 * @param known - Records, as they were read before.
 * @param links - Links of the host, as they were asked for before.
 */
export async function healSandboxes(
  context: Part,
  isMeant: (record: SandboxRecord) => boolean,
  known: readonly StoredRecord[] = [],
  links?: readonly LinkInfo[],
): Promise<HealedSandboxes> {
  // The kernel before the records, as open() does it.
  const first = await takeSnapshot(context.host, await writtenTables(context.host), links)
  return heal(
    context,
    (await listRecords(context.records, undefined, known)).filter(({ record }) => isMeant(record)),
    first,
  )
}

/** The same of a few, of which not more is asked than they have. */
export async function healFew(context: Part, names: Iterable<string>): Promise<HealedSandboxes> {
  const { host, records } = context
  const items: StoredRecord[] = []
  for (const name of names) {
    const item = await readRecord(records, name)
    if (item) items.push(item)
  }
  const links = items.flatMap(({ record }) => [...hostLinksOf(record), ...bridgesOf(record)])
  const claims = items.flatMap(({ record }) => claimsOf(record))
  return heal(context, items, await takeSnapshotOf(host, links, claims))
}

async function heal(
  context: Part,
  items: readonly StoredRecord[],
  { owned, links, all }: Snapshot,
): Promise<HealedSandboxes> {
  const { host } = context
  const found: HealedSandboxes = { healed: [], lost: [], left: false }
  const idle: StoredRecord[] = []
  for (const item of items) {
    if (isBusy(item.record) || (!item.marked && isAtWork(item.record))) found.left = true
    // The maker of one without the mark has died: the next open() ends it.
    else if (item.marked) idle.push(item)
  }
  const given = await healClaims(context, idle, owned)
  const kept: StoredRecord[] = []
  const slices = new Slices()
  let relinked = false
  for (const item of idle) {
    const pause = slices.next()
    if (pause) await pause
    // So has who was at it; none of its networks is gone for that.
    const its = new Set(item.record.endpoints.map(({ network }) => network))
    const whole = await dropEndpoints(host, item, owned, links, its)
    const healing = await healSandbox(context, whole, owned, links, given.has(item))
    kept.push(healing.item)
    for (const loss of healing.lost)
      if (loss.again) found.left = true
      else found.lost.push(loss)
    relinked ||= healing.relinked
    if (healing.healed) found.healed.push(item.record.name)
  }
  const attached = await reattachLinks(context, kept, all, relinked ? await host.ask('links', {}) : all)
  found.healed = [...new Set([...found.healed, ...attached])]
  return found
}
