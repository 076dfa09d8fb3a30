import { Slices } from '../admission/slices.js'
import { writtenTables } from '../claims/ruleset-tables.js'
import { SetContents } from '../claims/set-contents.js'
import { tryPlan } from '../claims/remove-if-there.js'
import { endpointsOf, networksOf } from '../drivers/index.js'
import { HostState } from '../kernel/host-state.js'
import { isNamespace, isAtPath } from '../store/namespace.js'
import { specOf, type StoredNetwork } from '../store/network-records.js'
import { isRegular } from '../store/read-file.js'
import { readRecord, stackPlace, type StoredRecord } from '../store/records.js'
import { NETNS_FOLDER } from '../store/sandbox-kind.js'
import type { HealContext } from './context.js'
import { claimsOf } from './give-back.js'
import type { KnownRecords } from './known-records.js'
import type { News } from './news.js'
import { restoreNames } from './restore-names.js'
import { takeSnapshot, type Snapshot } from './whole.js'

/** Files of sandboxes and networks that others have deleted, while what they tell of is there. */
export interface LostFiles {
  /** Records, as they were written last. */
  sandboxes: readonly StoredRecord[]
  networks: readonly StoredNetwork[]
  /** Those whose namespaces have lost their names. */
  nameless: readonly StoredRecord[]
}

export const NO_FILES: LostFiles = { sandboxes: [], networks: [], nameless: [] }

type Part = Pick<HealContext, 'host' | 'networks' | 'records'>

/**
 * What news of files are about. A process that removes a sandbox or a network deletes its record, too, and takes away
 * what is in the kernel first: only of what is there as the record tells is one given back. Nothing in the kernel tells
 * a sandbox in the host's or in another's namespace from one that was removed.
 */
export async function lostFiles(context: Part, news: News, known: KnownRecords): Promise<LostFiles> {
  const isGone = ({ path }: { path: string }) => !isRegular(path)
  const folder = context.networks.records
  const removed = news.missed || news.allFiles ? new Set([context.records, folder]) : news.files
  const sandboxes = [...known.sandboxes(context.records, removed)].filter(isGone)
  const networks = [...known.networks(folder, removed)].filter(isGone)
  const files =
    sandboxes.length + networks.length > 0 ? await standing(context, sandboxes, networks) : { sandboxes, networks }
  return { ...files, nameless: await namelessOf(context, news, known, files.sandboxes) }
}

/** Those of which the kernel has what their records tell. */
async function standing(
  context: Part,
  sandboxes: readonly StoredRecord[],
  networks: readonly StoredNetwork[],
): Promise<{ sandboxes: StoredRecord[]; networks: StoredNetwork[] }> {
  const { host } = context
  const tables = await writtenTables(host)
  const snapshot = await takeSnapshot(host, tables)
  const seen = {
    links: snapshot.all,
    setContents: new SetContents(host, tables),
    state: new HostState(host),
    records: sandboxes.map(({ record }) => record),
  }
  const found: { sandboxes: StoredRecord[]; networks: StoredNetwork[] } = { sandboxes: [], networks: [] }
  for (const item of sandboxes) if (await isThere(context, item, snapshot)) found.sandboxes.push(item)
  for (const item of networks) {
    const spec = specOf(item)
    if (await networksOf(spec).isWhole(spec, seen)) found.networks.push(item)
  }
  return found
}

async function isThere({ host }: Part, { record }: StoredRecord, { owned, links }: Snapshot): Promise<boolean> {
  const { stack, endpoints } = record
  if (stack !== 'own' || record.removing || record.busy) return false
  if (endpoints.length === 0) return isAtPath(record)
  if (!claimsOf(record).every((operation) => owned.hasAll(record, operation))) return false
  for (const endpoint of endpoints)
    if (!(await endpointsOf(endpoint).isLinked(endpoint, { host, ...stackPlace(record) }, links))) return false
  return true
}

/**
 * Sandboxes whose names have gone. Where no news say which, all are looked at.
 *
 * @param unrecorded - Those that have lost their records, too.
 */
async function namelessOf(
  { records }: Part,
  news: News,
  known: KnownRecords,
  unrecorded: readonly StoredRecord[],
): Promise<StoredRecord[]> {
  const all = news.missed || news.unbound || news.files.has(NETNS_FOLDER)
  const names = all ? known.in(records) : namesIn(news.files).filter((name) => known.has(`${records}/${name}.json`))
  const found: StoredRecord[] = []
  const slices = new Slices()
  for (const name of names) {
    const pause = slices.next()
    if (pause) await pause
    if (isNamespace(`${NETNS_FOLDER}/${name}`)) continue
    const item = unrecorded.find(({ record }) => record.name === name) ?? (await readRecord(records, name))
    if (item?.record.stack === 'own' && !item.record.foreign) found.push(item)
  }
  return found
}

const namesIn = (paths: ReadonlySet<string>): string[] =>
  [...paths].flatMap((path) => (path.startsWith(`${NETNS_FOLDER}/`) ? [path.slice(NETNS_FOLDER.length + 1)] : []))

/** @returns Names of what has its files again: sandboxes, and `network web`. */
export async function giveBackFiles({ host }: Part, { sandboxes, networks, nameless }: LostFiles): Promise<string[]> {
  const healed: string[] = []
  for (const { record, path, text } of networks)
    if (!(await tryPlan(host, [{ op: 'file.create', path, content: text }]))) healed.push(`network ${record.name}`)
  for (const { record, path, text } of sandboxes) {
    const refusal = await tryPlan(host, [
      { op: 'file.create', path, content: text },
      { op: 'file.mark', path },
    ])
    if (!refusal) healed.push(record.name)
  }
  healed.push(...(await restoreNames(host, nameless)))
  return healed
}
