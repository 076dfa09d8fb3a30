import { Slices } from '../admission/slices.js'
import { isNamespace } from '../store/namespace.js'
import type { StoredNetwork } from '../store/network-records.js'
import { isRegular } from '../store/read-file.js'
import { readRecord, type StoredRecord } from '../store/records.js'
import { NETNS_FOLDER } from '../store/sandbox-kind.js'
import type { HealContext } from './context.js'
import type { KnownRecords } from './known-records.js'
import type { News } from './news.js'
import { standing } from './standing.js'

/** Files of sandboxes and networks that others have deleted, while what they tell of is there. */
export interface LostFiles {
  /** Records, as they were written last. */
  sandboxes: readonly StoredRecord[]
  networks: readonly StoredNetwork[]
  /** Those whose namespaces have lost their names. */
  nameless: readonly StoredRecord[]
  /** There are more of which it is not known yet whether they are to come back. */
  left: boolean
}

export const NO_FILES: LostFiles = { sandboxes: [], networks: [], nameless: [], left: false }

type Part = Pick<HealContext, 'host' | 'networks' | 'records'>

/** So many milliseconds, a process that has changed a sandbox since has for giving its record back itself. */
const OTHERS_MS = 2000

/**
 * What news of files are about. A process that removes a sandbox or a network deletes its record, too, and takes away
 * what is in the kernel first: only of what is there as the record tells is one given back.
 */
export async function lostFiles(context: Part, news: News, known: KnownRecords): Promise<LostFiles> {
  known.heard(news.files)
  const isGone = ({ path }: { path: string }) => !isRegular(path)
  const folder = context.networks.records
  const removed = news.missed || news.allFiles ? new Set([context.records, folder]) : news.files
  const sandboxes = [...known.sandboxes(context.records, removed)].filter(isGone)
  const networks = [...known.networks(folder, removed)].filter(isGone)
  const found = await standing(context, sandboxes, networks)
  const late = found.outdated.filter(({ path }) => known.outdatedFor(path) >= OTHERS_MS)
  const stay = new Set<unknown>([...found.sandboxes, ...found.outdated, ...found.partly, ...found.networks])
  for (const item of [...sandboxes, ...networks]) if (!stay.has(item)) known.forget(item)
  const lost = [...found.sandboxes, ...late]
  return {
    sandboxes: lost,
    networks: found.networks,
    nameless: await namelessOf(context, news, known, lost),
    left: late.length < found.outdated.length || found.partly.length > 0,
  }
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
  const all = news.missed || news.unbound || news.allFiles
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
