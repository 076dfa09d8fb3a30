import { Slices } from '../admission/slices.js'
import { writtenTables } from '../claims/ruleset-tables.js'
import { SetContents } from '../claims/set-contents.js'
import { endpointsOf, networksOf } from '../drivers/index.js'
import { HostState } from '../kernel/host-state.js'
import type { Operation } from '../plan/operation.js'
import { isAddressClaim } from '../policy/sets.js'
import { isAtPath } from '../store/namespace.js'
import { specOf, type StoredNetwork } from '../store/network-records.js'
import { stackPlace, type StoredRecord } from '../store/records.js'
import type { HealContext } from './context.js'
import { claimsOf } from './give-back.js'
import { ownLinksOf } from './links-of.js'
import { takeSnapshot, type Snapshot } from './whole.js'

/** What the kernel has of sandboxes and networks that have lost their records. */
export interface Standing {
  /** All that their records tell of, and nothing else. */
  sandboxes: readonly StoredRecord[]
  networks: readonly StoredNetwork[]
  /** More than their records tell of: another process has changed them since. */
  outdated: readonly StoredRecord[]
  /** Less, and namespaces of theirs: a process is changing or removing them, or they are damaged otherwise, too. */
  partly: readonly StoredRecord[]
}

export async function standing(
  { host }: Pick<HealContext, 'host'>,
  sandboxes: readonly StoredRecord[],
  networks: readonly StoredNetwork[],
): Promise<Standing> {
  if (sandboxes.length + networks.length === 0) return { sandboxes, networks, outdated: [], partly: [] }
  const tables = await writtenTables(host)
  const snapshot = await takeSnapshot(host, tables)
  const seen = {
    links: snapshot.all,
    setContents: new SetContents(host, tables),
    state: new HostState(host),
    records: sandboxes.map(({ record }) => record),
  }
  const found = { sandboxes: [] as StoredRecord[], outdated: [] as StoredRecord[], partly: [] as StoredRecord[] }
  const slices = new Slices()
  for (const item of sandboxes) {
    const pause = slices.next()
    if (pause) await pause
    if (await isThere(host, item, snapshot)) found[isOutdated(item, snapshot) ? 'outdated' : 'sandboxes'].push(item)
    else if (item.record.stack === 'own' && !item.record.foreign && isAtPath(item.record)) found.partly.push(item)
  }
  const whole: StoredNetwork[] = []
  for (const item of networks) {
    const spec = specOf(item)
    // Nothing in the kernel tells one that has nothing there from one that was removed.
    const hasOwn = ownLinksOf(spec).length + networksOf(spec).elements(spec, snapshot.all).length > 0
    if (hasOwn && (await networksOf(spec).isWhole(spec, seen))) whole.push(item)
  }
  return { ...found, networks: whole }
}

/** Nothing in the kernel tells a sandbox in the host's or in another's namespace from one that was removed. */
async function isThere(
  host: HealContext['host'],
  { record }: StoredRecord,
  { owned, links }: Snapshot,
): Promise<boolean> {
  const { stack, endpoints, namespace } = record
  if (stack !== 'own' || record.removing || record.busy) return false
  // A namespace that nothing says to be this one may be that of a later sandbox of this name.
  if (endpoints.length === 0) return namespace !== undefined && isAtPath(record)
  if (!claimsOf(record).every((operation) => owned.hasAll(record, operation))) return false
  for (const endpoint of endpoints)
    if (!(await endpointsOf(endpoint).isLinked(endpoint, { host, ...stackPlace(record) }, links))) return false
  return true
}

const isOutdated = ({ record }: StoredRecord, { owned }: Snapshot): boolean =>
  owned.countOf(record) > claimsOf(record).reduce((sum, operation) => sum + countOf(operation), 0)

const countOf = (operation: Operation): number =>
  operation.op === 'element.add' && !isAddressClaim(operation) ? operation.elements.length : 0
