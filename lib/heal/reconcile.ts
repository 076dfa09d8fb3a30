import { dirname } from 'node:path'
import { mappedPorts } from '../drivers/gateway.js'
import { endpointsOf, networkDrivers } from '../drivers/index.js'
import type { LinkInfo } from '../kernel/native.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { RULESET_FAMILIES } from '../policy/ruleset.js'
import * as sets from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { Family } from '../plan/operation.js'
import { Marks } from '../store/pool-marks.js'
import type { PortTable } from '../claims/ports/port-table.js'
import type { Shared } from './shared.js'
import { stateFolder } from '../store/state-folder.js'
import { Slices } from '../admission/slices.js'
import { listHalfWritten } from '../store/folder.js'
import { asOfNow } from '../store/namespace.js'
import { thisProcess } from '../store/maker.js'
import { listNetworkRecords } from '../store/network-records.js'
import { ownerComment, readOwner } from '../store/owner.js'
import {
  idle,
  isAtWork,
  isBusy,
  isLeaving,
  listAllRecords,
  readRecord,
  store,
  type SandboxRecord,
  type StoredRecord,
} from '../store/records.js'
import { writtenTables } from '../claims/ensure-ruleset.js'
import { Aside } from './aside.js'
import { attempt, collect, collectElement, collectLeads } from '../claims/collect.js'
import { dropEndpoints } from './drop-endpoints.js'
import { finishChanges } from './finish-changes.js'
import { flush, forget, isAddress, leftAddresses } from './forget.js'
import { heal, untouched } from './heal.js'
import { Holdings } from '../claims/holdings.js'
import { reconcileNetworks, requireSameRecords } from './networks.js'
import { commentOf, type Owned } from '../claims/owned.js'
import { collectSpares } from './spares.js'
import { setTwinsAside } from './twins.js'
import { isWhole, isWholeInside, lookAt, type Look } from './whole.js'

/** What {@link reconcile} found and did. */
export interface Reconciled {
  /** Names of the sandboxes that were there and whole. */
  adopted: string[]
  /** Names of the sandboxes, and networks, of which something was missing that is there again: rules, claims, links. */
  healed: string[]
  /**
   * What of sandboxes could not be given back, as another has it by now: a sentence each. Left out where there is none.
   */
  lost?: string[]
  /** What a process that died had left half done, and what was done about it. */
  collected: string[]
  /**
   * Records that cannot be read: file, field and what is wrong with it. What they are of stays as it is. Left out where
   * there are none.
   */
  damaged?: string[]
}

type Part = Pick<Shared, 'host' | 'settings' | 'records' | 'ports' | 'networks'>

interface Found {
  reconciled: Reconciled
  kept: SandboxRecord[]
  /** Records that cannot be read: what is theirs stays, too. */
  aside: Aside
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
 * @returns What it did, and the records of the sandboxes that are there.
 */
export async function reconcile(context: Part): Promise<Found> {
  const ended: StoredRecord[] = []
  try {
    return await compare(context, ended)
  } catch (error) {
    // Left to whoever opens the host next.
    for (const { record, path, text } of ended)
      await attempt(context.host, [
        { op: 'file.replace', path, content: store(context.records, idle(record)).text, expected: text },
      ])
    throw error
  }
}

/**
 * @param ended - What is half made and being ended by this process comes here.
 * @param given - Whom the ruleset was written again for, where that was looked at.
 */
async function compare(context: Shared, ended: StoredRecord[], given?: readonly string[]): Promise<Found> {
  const { host, ports, networks } = context
  const tables = await writtenTables(host)
  const first = await lookAt(host, tables)
  const { owned, links, all } = first
  const marks = await Marks.read(stateFolder(context.settings, host, 'pool'))
  const aside = new Aside()
  const stored = setTwinsAside(await listAllRecords(context.records, (one) => aside.add(one)), owned, aside)
  requireSameRecords(all, context.settings.stateDir)
  if (!given && stored.length + (await networks.list()).length > 0) {
    const owners = await networks.ensureRuleset()
    if (owners.length > 0) return compare(context, ended, owners)
  }
  const halfWritten = await listHalfWritten(context.records)
  const holdings = new Holdings(host, tables)
  const flushed = isPart(tables) || isPart(await writtenTables(host))
  for (const { name, link } of networks.predefined.values()) {
    if (flushed || !(await holdings.has(sets.bridges, link)) || !all.some((one) => one.name === link))
      networks.forget(name)
  }
  const asideNetworks = new Aside()
  const named = (await listNetworkRecords(networks.records, (one) => asideNetworks.add(one))).map(
    ({ record }) => record.name,
  )
  const { healed, collected } = await reconcileNetworks(
    context,
    tables,
    stored.map(({ record }) => record),
    all,
    asideNetworks.names,
  )
  // Looked at twice: who removes a network and finds it in use gives it its record back.
  const there = new Set([
    ...networks.predefined.keys(),
    ...asideNetworks.names,
    ...named,
    ...(await networks.list()).map(({ record }) => record.name),
  ])
  const result: Reconciled = { adopted: [], healed: [...new Set([...(given ?? []), ...healed])], collected }
  const damaged = [...aside.damaged, ...asideNetworks.damaged]
  if (damaged.length > 0) result.damaged = damaged
  const known = new Set<string>()
  const made = new Set<StoredRecord>()
  const adopted: StoredRecord[] = []
  const kept: StoredRecord[] = []
  let again: Look | undefined
  // One that is being made says so by being without the mark; those of earlier versions were without it, too.
  const wasMade = async (item: StoredRecord, look: Look): Promise<boolean> =>
    (item.marked || !isAtWork(item.record)) && ((await isWhole(item, look, host)) || (await isUnruled(item)))
  const isRuled = async ({ endpoints }: SandboxRecord): Promise<boolean> => {
    for (const endpoint of endpoints) {
      const rule = endpointsOf(endpoint).rule(endpoint)
      if (!rule || (await holdings.has(...rule))) return true
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
      now = await dropEndpoints(host, item, owned, links, there)
      if (now !== item)
        result.collected.push(
          `sandbox ${record.name}: ${record.busy ? 'half connected or disconnected, ended' : 'a network of it is gone, taken off it'}`,
        )
      // Of a process that has ended: those of earlier versions, and of one that ended in the moment before the mark.
      if (!item.marked) await attempt(host, [{ op: 'file.mark', path: item.path }])
      made.add(now)
    } else if (record.removing || !isAtWork(record)) {
      // It may have been made since the first look, by a process that has come to its end by now.
      again ??= await lookAt(host, await writtenTables(host))
      const later = record.removing ? undefined : await readRecord(dirname(item.path), record.name)
      if (later?.record.id === record.id && (await wasMade(later, again))) {
        now = later
        made.add(now)
      } else {
        if (await beginToEnd(host, item, ended))
          result.collected.push(`sandbox ${record.name}: half made or half removed, removed`)
        else know()
        continue
      }
    }
    kept.push(now)
    know()
  }

  // Of what is ended, also what has come since the first look; of nothing else, as that may have its record since, too.
  const halves = new Set(ended.map(({ record }) => commentOf(record)))
  const theirLinks = new Set(ended.flatMap(({ record }) => hostLinksOf(record)))
  for (const link of again?.links.values() ?? []) if (theirLinks.has(link.name)) links.set(link.name, link)
  const drop = async ({ set, element }: Owned) => {
    if (await collectElement(host, set, element))
      result.collected.push(`element ${element.key} of ${set.set}: its sandbox is gone, removed`)
  }
  for (const { owner, set, element } of owned) {
    const read = readOwner(owner)
    if (!read || (!aside.names.has(read.name) && !aside.hasId(read.shortId))) continue
    known.add(owner)
    if (set === sets.senders[4] || set === sets.senders[6]) known.add(element.key.split(' . ')[0] ?? '')
  }
  for (const { name } of links.values()) if (aside.hasId(name.slice('veth'.length))) known.add(name)
  // Before their addresses are free: what keeps a link may be a process of the sandbox.
  const spares = await collectSpares(
    host,
    marks,
    [...links.values()].filter(({ name }) => !known.has(name)),
  )
  result.collected.push(...spares.collected)
  for (const link of spares.stray) {
    // While a record cannot be read, a link that no record names may be its sandbox's.
    if (aside.damaged.length > 0 && !theirLinks.has(link.name)) continue
    if (!(await host.find('link', { name: link.name }))) continue
    await collect(host, [{ op: 'link.delete', name: link.name }])
    result.collected.push(`link ${link.name}: its sandbox is gone, removed`)
  }
  const ofHalves = [...owned, ...(again?.owned ?? [])].filter((one) => halves.has(one.owner))
  const others = [...owned].filter((one) => !known.has(one.owner) && !halves.has(one.owner))
  // What leads to an address goes before conntrack forgets that, or would have it learn anew.
  for (const one of [...ofHalves, ...others]) if (!isAddress(one)) await drop(one)
  await flush(context, ofHalves)
  for (const one of ofHalves) if (isAddress(one)) await drop(one)
  for (const one of await forget(context, [
    ...others.filter(isAddress),
    ...leftAddresses(
      kept.map(({ record }) => record).filter((record) => !isBusy(record)),
      owned,
    ),
  ]))
    await drop(one)
  // Last: until then, others who open the host leave what was theirs alone, and its name is taken.
  for (const { path, text } of ended)
    await attempt(host, [
      { op: 'file.check', path, expected: text },
      { op: 'file.delete', path },
    ])
  const lost: string[] = []
  let relinked = false
  for (const [index, item] of kept.entries()) {
    const pause = slices.next()
    if (pause) await pause
    const isMade = made.has(item)
    const healing = isMade && !isBusy(item.record) ? await heal(context, item, owned, links) : untouched(item)
    kept[index] = healing.item
    if (isMade) adopted.push(healing.item)
    if (isMade || (await isWhole(item, first, host)))
      result[healing.healed ? 'healed' : 'adopted'].push(item.record.name)
    lost.push(...healing.lost)
    relinked ||= healing.relinked
    holdPorts(healing.item.record, ports)
  }
  if (lost.length > 0) result.lost = lost
  const attached = await attach(
    context,
    kept.filter(({ record }) => !isBusy(record)),
    all,
    relinked ? await host.ask('links', {}) : all,
  )
  result.healed = [...new Set([...result.healed, ...attached])]
  result.adopted = result.adopted.filter((name) => !attached.has(name) && !given?.includes(name))
  result.collected.push(...(await finishChanges(host, adopted, owned, halfWritten)))
  return { reconciled: result, kept: kept.map(({ record }) => record), aside }
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
  const mark = store(dirname(path), { ...record, removing: true, busy: thisProcess() })
  if (await attempt(host, [{ op: 'file.replace', path, content: mark.text, expected: text }])) return false
  ended.push(mark)
  for (const endpoint of record.endpoints)
    await collectLeads(host, endpointsOf(endpoint).leadAway(endpoint), ownerComment(record.name, record.id))
  if (!record.foreign && record.stack !== 'host')
    await collect(host, [
      { op: 'netns.delete', path: record.path, namespace: record.namespace && asOfNow(record.namespace) },
    ])
  return true
}

const hostLinksOf = ({ endpoints }: SandboxRecord): string[] =>
  endpoints.flatMap((endpoint) => endpointsOf(endpoint).hostLinks(endpoint))

/** Each driver puts its endpoints' links back. @returns Names of the sandboxes that were given some back. */
async function attach(
  { host, networks }: Pick<Shared, 'host' | 'networks'>,
  records: readonly StoredRecord[],
  found: readonly LinkInfo[],
  links: readonly LinkInfo[],
): Promise<ReadonlySet<string>> {
  const attached = new Set<string>()
  for (const driver of networkDrivers) {
    const isOwn = (endpoint: StoredEndpoint): endpoint is StoredEndpoint => endpoint.driver === driver.name
    const its = records.filter(({ record }) => record.endpoints.some(isOwn))
    if (its.length === 0) continue
    const names = await driver.endpoints.attach?.({
      host,
      ready: (name) => networks.ready(name),
      records: its,
      isOwn,
      found,
      links,
    })
    for (const name of names ?? []) attached.add(name)
  }
  return attached
}

/** Whether tables of the ruleset are missing. */
const isPart = (tables: ReadonlySet<Family>): boolean => tables.size < RULESET_FAMILIES.length

function holdPorts({ name, endpoints, ports: mappings }: SandboxRecord, ports: PortTable): void {
  for (const mapping of mappedPorts(endpoints, mappings)) {
    ports.take(mapping, name)
    ports.settle(mapping)
  }
}
