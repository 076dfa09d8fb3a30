import { dirname } from 'node:path'
import { mappedPorts } from '../drivers/gateway.js'
import type { LinkInfo } from '../kernel/native.js'
import { RULESET_FAMILIES, RULESET_NUMBER } from '../policy/ruleset.js'
import * as sets from '../policy/sets.js'
import type { Family } from '../plan/operation.js'
import { Marks } from '../store/pool-marks.js'
import type { PortTable } from '../claims/ports/port-table.js'
import type { HealContext } from './context.js'
import { keepReserve } from '../store/reserve.js'
import { stateFolder } from '../store/state-folder.js'
import { Slices } from '../admission/slices.js'
import { listNetworkRecords, type StoredNetwork } from '../store/network-records.js'
import { readTexts } from '../store/folder.js'
import { idle, isBusy, listAllRecords, toStored, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { findTables, olderVersions, writtenTables, type FoundTables } from '../claims/ruleset-tables.js'
import { restoreNetworkLinks } from './network-links.js'
import { removeHalfWritten } from './half-written.js'
import { DamagedRecords, refuseNewer } from './damaged-records.js'
import { reattachLinks } from './reattach-links.js'
import { tryPlan } from '../claims/remove-if-there.js'
import { finishChanges } from './finish-changes.js'
import { healClaims, healSandbox } from './heal-sandbox.js'
import { untouched } from './healing.js'
import { SetContents } from '../claims/set-contents.js'
import { collectLeftovers } from './leftovers.js'
import { lookInside } from './look-inside.js'
import { forgetLost, reconcileNetworks, requireSameRecords } from './networks.js'
import { restoreNames } from './restore-names.js'
import { sortRecords } from './sort-records.js'
import { rejectDuplicateIds } from './duplicate-ids.js'
import { endLeaving, sortLeaving } from './leaving-networks.js'
import { isWhole, takeSnapshot } from './whole.js'

/** What open() found of earlier processes, and what it did about it. */
export interface Reconciled {
  /**
   * Names of the sandboxes that were there and whole: their claims, their links, and inside their interfaces, which are
   * up and have their addresses.
   */
  adopted: string[]
  /** Names of the sandboxes, and networks, of which something was missing that is there again: rules, claims, links. */
  healed: string[]
  /** Which ruleset of an older version was replaced, a sentence. Left out where none was. */
  upgraded?: string
  /**
   * What of sandboxes and networks could not be given back, as another has it by now: a sentence each. Left out where
   * there is none.
   */
  lost?: string[]
  /**
   * What sandboxes do not have inside of what they were given, a sentence each: an interface, or an address. Their own
   * processes may have meant that, so it stays as it is, and these sandboxes are none of those that were adopted. Left
   * out where there is none.
   */
  altered?: string[]
  /** What a process that died had left half done, and what was done about it. */
  collected: string[]
  /**
   * Records that cannot be read: file, field and what is wrong with it. What they are of stays as it is. Left out where
   * there are none.
   */
  damaged?: string[]
}

type Part = Pick<HealContext, 'host' | 'settings' | 'records' | 'ports' | 'networks' | 'routes' | 'call' | 'events'>

interface Found {
  reconciled: Reconciled
  kept: StoredRecord[]
  networks: readonly StoredNetwork[]
  /** Records that cannot be read: what is theirs stays, too. */
  damagedRecords: DamagedRecords
  /** Links of the host, as they were found first. */
  links: readonly LinkInfo[]
}

/**
 * Compares what the kernel has with what the records say. What is whole is adopted; what a process that died left half
 * made or half removed is removed; what a living process is at work on is left alone; and when somebody has flushed the
 * ruleset, it is written again with everybody's claims. A sandbox that was whole once stays, whatever it lacks: that is
 * given back, as far as no other has it by now.
 *
 * The kernel is asked before the records: what is seen there has had its record before, so an element or link without
 * one is a leftover and not something on its way.
 *
 * @param inside - Whether it is looked at what is inside sandboxes, too.
 * @returns What it did, and the records of the sandboxes that are there.
 */
export async function reconcile(context: Part, inside = true): Promise<Found> {
  const ended: StoredRecord[] = []
  try {
    const found = await compare(context, ended)
    if (inside) await tellAltered(context, found)
    return found
  } catch (error) {
    // Left to whoever opens the host next.
    for (const { record, path, text } of ended)
      await tryPlan(context.host, [
        { op: 'file.replace', path, content: toStored(context.records, idle(record)).text, expected: text },
      ])
    throw error
  }
}

/**
 * @param ended - What is half made and being ended by this process comes here.
 * @param rewritten - Whom the ruleset was written again for, where that was looked at.
 * @param isNamed - Links of networks have been given their names back, as far as that can be.
 */
async function compare(
  context: HealContext,
  ended: StoredRecord[],
  rewritten?: readonly string[],
  isNamed = false,
): Promise<Found> {
  const { host, ports, networks } = context
  const found = await findTables(host)
  // Of an older ruleset, this would read what it does not know, and write what that does not know.
  if (found.older.size > 0) await refuseNewerRecords(context)
  const upgraded = found.older.size > 0 && (await replaceTables(context, found))
  const tables = upgraded ? await writtenTables(host) : found.written
  const first = await takeSnapshot(host, tables)
  const { owned, links, all } = first
  const marks = await Marks.read(stateFolder(context.settings, host, 'pool'))
  const damagedRecords = new DamagedRecords()
  const stored = rejectDuplicateIds(
    await listAllRecords(context.records, (one) => {
      refuseNewer(one)
      damagedRecords.add(one)
    }),
    owned,
    damagedRecords,
  )
  const damagedNetworks = new DamagedRecords()
  const storedNetworks = await listNetworkRecords(networks.records, (one) => {
    refuseNewer(one)
    damagedNetworks.add(one)
  })
  requireSameRecords(all, context.settings.stateDir)
  // From here on, it writes.
  keepReserve(context.records)
  const linked = isNamed
    ? []
    : await restoreNetworkLinks(
        context,
        all,
        stored.map(({ record }) => record),
      )
  if (linked.length > 0) {
    const after = await compare(context, ended, rewritten, true)
    after.reconciled.healed = [...new Set([...linked, ...after.reconciled.healed])]
    return after
  }
  const renamed = await restoreNames(host, stored)
  const leaving = await sortLeaving(
    host,
    networks.records,
    stored.map(({ record }) => record),
  )
  if (!rewritten && stored.length + storedNetworks.length > 0) {
    const owners = await networks.ensureRuleset()
    if (owners.length > 0) {
      const after = await compare(context, ended, owners, isNamed)
      if (upgraded) after.reconciled.upgraded ??= upgraded
      return after
    }
  }
  const setContents = new SetContents(host, tables)
  const flushed = isPart(tables) || isPart(await writtenTables(host))
  if (flushed) for (const name of networks.predefined.keys()) networks.forget(name)
  else await forgetLost(context, { links: all, setContents })
  const {
    healed,
    collected,
    lost: withoutLink,
  } = await reconcileNetworks(
    context,
    tables,
    stored.map(({ record }) => record),
    all,
    new Set([...damagedNetworks.names, ...leaving.living]),
  )
  collected.push(...(await endLeaving(host, leaving.dead)))
  // Looked at twice: who removes a network and finds it in use gives it its record back.
  const there = new Set([
    ...networks.predefined.keys(),
    ...damagedNetworks.names,
    ...leaving.living,
    ...storedNetworks.map(({ record }) => record.name),
    ...(await networks.list()).map(({ record }) => record.name),
  ])
  const result: Reconciled = { adopted: [], healed: [...new Set([...(rewritten ?? []), ...healed])], collected }
  const say = (what: string) => void result.collected.push(what)
  if (upgraded) result.upgraded = upgraded
  const damaged = [...damagedRecords.damaged, ...damagedNetworks.damaged]
  if (damaged.length > 0) result.damaged = damaged
  const { kept, made, known, again } = await sortRecords(host, { stored, first, there, setContents }, ended, say)
  await collectLeftovers(context, { first, again, marks, damagedRecords, ended, kept, known }, say)
  const given = await healClaims(
    context,
    kept.filter((item) => made.has(item) && !isBusy(item.record)),
    owned,
  )
  const slices = new Slices()
  const adopted: StoredRecord[] = []
  const lost: string[] = [...withoutLink]
  let relinked = false
  for (const [index, item] of kept.entries()) {
    const pause = slices.next()
    if (pause) await pause
    // Each of them is whole by itself.
    context.call?.check()
    const isMade = made.has(item)
    const healing =
      isMade && !isBusy(item.record) ? await healSandbox(context, item, owned, links, given.has(item)) : untouched(item)
    kept[index] = healing.item
    if (isMade) adopted.push(healing.item)
    if (isMade || (await isWhole(item, first, host)))
      result[healing.healed ? 'healed' : 'adopted'].push(item.record.name)
    lost.push(...healing.lost.map(({ sentence }) => sentence))
    relinked ||= healing.relinked
    holdPorts(healing.item.record, ports)
  }
  if (lost.length > 0) result.lost = lost
  await context.routes.heal(kept.some(({ record }) => record.forwarding))
  const attached = await reattachLinks(
    context,
    kept.filter(({ record }) => !isBusy(record)),
    all,
    relinked ? await host.ask('links', {}) : all,
  )
  result.healed = [...new Set([...result.healed, ...attached, ...renamed])]
  result.adopted = result.adopted.filter((name) => !result.healed.includes(name) && !rewritten?.includes(name))
  result.collected.push(...(await finishChanges(host, adopted, owned)))
  result.collected.push(
    ...(await removeHalfWritten(host, [context.records, networks.records, dirname(context.records)])),
  )
  // What came back with the ruleset was told with that.
  context.events?.healed(result.healed.filter((name) => !rewritten?.includes(name)))
  for (const sentence of lost) context.events?.tell('lost', sentence)
  for (const sentence of damaged) context.events?.tell('damaged', sentence)
  return { reconciled: result, kept, networks: storedNetworks, damagedRecords, links: all }
}

/** What sandboxes do not have inside of what they were given; of those that were healed, too. */
async function tellAltered({ host }: Part, { reconciled, kept }: Found): Promise<void> {
  const idle = kept.filter(({ record, marked }) => marked && !isBusy(record))
  const altered = await lookInside(
    host,
    idle.map(({ record }) => record),
  )
  if (altered.length === 0) return
  // Another process may have connected or disconnected it since its record was read.
  const texts = await readTexts(idle)
  const same = new Set(idle.flatMap(({ record, path, text }) => (texts.get(path) === text ? [record.name] : [])))
  const told = altered.filter(({ name }) => same.has(name))
  if (told.length > 0) reconciled.altered = told.flatMap(({ sentences }) => sentences)
  const names = new Set(told.map(({ name }) => name))
  reconciled.adopted = reconciled.adopted.filter((name) => !names.has(name))
}

async function refuseNewerRecords({ records, networks }: HealContext): Promise<void> {
  await listAllRecords(records, refuseNewer)
  await listNetworkRecords(networks.records, refuseNewer)
}

/** Replaces the tables of an older version, once it is known that their sandboxes are ours. @returns What was done. */
async function replaceTables({ host, settings, networks }: HealContext, found: FoundTables): Promise<string> {
  requireSameRecords(await host.ask('links', {}), settings.stateDir)
  await networks.ensureRuleset()
  const gone = networks.leftOut.length > 0 ? `, without ${networks.leftOut.join(', ')}` : ''
  return `${olderVersions(found)} of the nf_tables tables "${sets.TABLE}" was replaced by ruleset ${RULESET_NUMBER}${gone}`
}

/** Whether tables of the ruleset are missing. */
const isPart = (tables: ReadonlySet<Family>): boolean => tables.size < RULESET_FAMILIES.length

function holdPorts({ name, endpoints, ports: mappings }: SandboxRecord, ports: PortTable): void {
  for (const mapping of mappedPorts(endpoints, mappings)) {
    ports.take(mapping, name)
    ports.settle(mapping)
  }
}
