import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { claimSandbox } from '../drivers/bridge.js'
import { mappedPorts } from '../drivers/gateway.js'
import { leadAway } from '../drivers/leaf.js'
import { remove } from '../firewall/elements.js'
import { RULESET_FAMILIES } from '../firewall/ruleset.js'
import * as sets from '../firewall/sets.js'
import { PlanRefused, type Host } from '../host.js'
import type { LinkInfo } from '../native.js'
import { DEFAULT_NETWORK, FAMILIES } from '../network/spec.js'
import type { Family } from '../plan/operation.js'
import { Marks } from '../pool/marks.js'
import type { PortTable } from '../ports/port-table.js'
import { stateFolder, type Context } from '../sandbox/context.js'
import { Slices } from '../slices.js'
import { listHalfWritten } from '../state/folder.js'
import { isAlive } from '../state/maker.js'
import { ownerComment } from '../state/owner.js'
import { isAtWork, isBusy, isLeaving, listAllRecords, type SandboxRecord, type StoredRecord } from '../state/records.js'
import { ensureRuleset, writtenTables } from '../network/ensure-ruleset.js'
import { attachLinks } from './attach-links.js'
import { attempt, collect, collectEach } from './collect.js'
import { dropEndpoints } from './drop-endpoints.js'
import { finishChanges } from './finish-changes.js'
import { Holdings } from './holdings.js'
import { reconcileNetworks, requireSameRecords } from './networks.js'
import { OwnedElements, shortId } from './owned.js'
import { collectSpares } from './spares.js'

/** What {@link reconcile} found and did. */
export interface Reconciled {
  /** Names of the sandboxes that were there and whole. */
  adopted: string[]
  /** Names of the sandboxes whose rules somebody had flushed, and networks of which something was missing. */
  healed: string[]
  /** What a process that died had left half done, and what was done about it. */
  collected: string[]
}

/**
 * Compares what the kernel has with what the records say. What is whole is adopted; what a process that died left
 * half made or half removed is removed; what a living process is at work on is left alone; and when somebody has
 * flushed the ruleset, it is written again with everybody's claims.
 *
 * The kernel is asked before the records: what is seen there has had its record before, so an element or link without
 * one is a leftover and not something on its way.
 *
 * @returns What it did, and the records of the sandboxes that are there.
 */
export async function reconcile(context: Pick<Context, 'host' | 'settings' | 'records' | 'ports' | 'networks'>): Promise<{ reconciled: Reconciled; kept: SandboxRecord[] }> {
  const { host, ports, networks } = context
  const tables = await writtenTables(host)
  const [owned, all] = await Promise.all([OwnedElements.read(host, tables), host.ask('links', {})])
  const links = new Map(all.flatMap((link) => (sets.isPortGroup(link.group) ? [[link.name, link]] : [])))
  const marks = await Marks.read(stateFolder(context.settings, host, 'pool'))
  const stored = await listAllRecords(context.records)
  requireSameRecords(all, context.settings.stateDir)
  const halfWritten = await listHalfWritten(context.records)
  const ruled = new Set((await new Holdings(host, tables).of(sets.bridges)).map(({ key }) => key))
  const { bridgeName } = context.settings
  const flushed = isPart(tables) || isPart(await writtenTables(host))
  if (flushed || !ruled.has(bridgeName) || !all.some(({ name }) => name === bridgeName)) networks.forget(DEFAULT_NETWORK)
  const named = (await networks.list()).map(({ record }) => record.name)
  const { healed, collected } = await reconcileNetworks(context, tables, stored.map(({ record }) => record), all, ruled)
  // Looked at twice: who removes a network and finds it in use gives it its record back.
  const there = new Set([DEFAULT_NETWORK, ...named, ...(await networks.list()).map(({ record }) => record.name)])
  const result: Reconciled = { adopted: [], healed, collected }
  const known = new Set<string>()
  const adopted: StoredRecord[] = []
  const kept: SandboxRecord[] = []

  const slices = new Slices()
  for (const item of stored) {
    const pause = slices.next()
    if (pause) await pause
    let { record } = item
    if (isLeaving(record)) {
      known.add(shortId(record))
      for (const { hostLink } of record.endpoints) known.add(hostLink)
      continue
    }
    if (!record.removing && isThere(record) && someClaimed(record, owned) && (await isFinished(record, links, host))) {
      const now = await dropEndpoints(host, item, owned, links, there)
      record = now.record
      if (now !== item) result.collected.push(`sandbox ${record.name}: half connected or disconnected, ended`)
      if (!isBusy(record) && lacksSenders(record, owned)) {
        await giveBack(context, now)
        result.healed.push(record.name)
      } else {
        result.adopted.push(record.name)
      }
      adopted.push(now)
    } else if (!record.removing && !isBusy(record) && record.endpoints.every(({ bridge }) => !ruled.has(bridge)) && (await isWholeInside(record, host))) {
      await giveBack(context, item)
      result.healed.push(record.name)
    } else if (record.removing || !isAtWork(record)) {
      await collectEach(host, record.endpoints.flatMap(leadAway))
      if (!record.foreign && record.network !== 'host') await collect(host, [{ op: 'netns.delete', path: record.path }])
      await collect(host, [{ op: 'file.delete', path: item.path }])
      result.collected.push(`sandbox ${record.name}: half made or half removed, removed`)
      continue
    }
    holdPorts(record, ports)
    kept.push(record)
    known.add(shortId(record))
    for (const { hostLink } of record.endpoints) known.add(hostLink)
  }

  for (const { set, element, shortId } of owned) {
    if (known.has(shortId)) continue
    await collect(host, [remove(set, { key: element.key })])
    result.collected.push(`element ${element.key} of ${set.set}: its sandbox is gone, removed`)
  }
  const spares = await collectSpares(host, marks, [...links.values()].filter(({ name }) => !known.has(name)))
  result.collected.push(...spares.collected)
  for (const link of spares.stray) {
    await collect(host, [{ op: 'link.delete', name: link.name }])
    result.collected.push(`link ${link.name}: its sandbox is gone, removed`)
  }
  const attached = await attachLinks(context, kept.filter((record) => !isBusy(record)), all)
  result.healed = [...new Set([...result.healed, ...attached])]
  result.adopted = result.adopted.filter((name) => !attached.has(name))
  result.collected.push(...(await finishChanges(host, adopted, owned, halfWritten)))
  return { reconciled: result, kept }
}

/** Whether tables of the ruleset are missing. */
const isPart = (tables: ReadonlySet<Family>): boolean => tables.size < RULESET_FAMILIES.length

/** Whether a plan was refused because sets or elements are not there: somebody has flushed the ruleset, or part of it. */
export const missesElements = ({ operation, errnoName }: PlanRefused): boolean =>
  (operation.op === 'element.add' || operation.op === 'element.delete') && errnoName === 'ENOENT'

/** The same, or that a bridge is not there: somebody has deleted it. */
export const missesParts = (refused: PlanRefused): boolean => missesElements(refused) || (refused.operation.op === 'link.create' && refused.errnoName === 'ENODEV')

/** Whether what a sandbox is made of is there: its namespace. */
const isThere = ({ network, path, foreign }: SandboxRecord): boolean => network === 'host' || foreign === true || path.startsWith('/proc/') || isNamespace(path)

/** Whether one of its endpoints at least has its claims; a sandbox without endpoints has none to have. */
function someClaimed(record: SandboxRecord, owned: OwnedElements): boolean {
  if (record.endpoints.length === 0) return true
  return record.endpoints.some(({ addresses }) => FAMILIES.some((family) => owned.has(record, sets.addresses[family], addresses[family]?.address ?? '')))
}

/**
 * Whether its making came to the end. The last that is made is what is inside, in one go, loopback first. (That the link
 * has a carrier tells it without a visit; that it has none may be the sandbox's own doing.)
 */
async function isFinished({ network, path, foreign, endpoints, maker, busy }: SandboxRecord, links: ReadonlyMap<string, LinkInfo>, host: Host): Promise<boolean> {
  if (network === 'host' || network.startsWith('container:')) return true
  if (endpoints.some(({ hostLink }) => links.get(hostLink)?.carrier) || isAlive(busy ?? maker)) return true
  if (foreign) return endpoints.length === 0 || (await isWholeInside({ endpoints, path, foreign }, host))
  return (await host.ask('links', { netns: path })).some((link) => link.name === 'lo' && link.up)
}

/** Whether all of a sandbox is there but its claims. */
async function isWholeInside({ endpoints, path, foreign }: Pick<SandboxRecord, 'endpoints' | 'path' | 'foreign'>, host: Host): Promise<boolean> {
  if (endpoints.length === 0 || !(foreign || isNamespace(path))) return false
  const inside = [...((await host.find('addresses', { netns: path })) ?? []), ...((await host.find('addresses', { netns: path, ipv6: true })) ?? [])]
  for (const { hostLink, addresses } of endpoints) {
    if (!(await host.find('link', { name: hostLink }))) return false
    if (!FAMILIES.every((family) => !addresses[family] || inside.some(({ address }) => address === addresses[family]?.address))) return false
  }
  return true
}

/** Whether a namespace is bound to a path: then it lies on another file system than its folder. */
function isNamespace(path: string): boolean {
  const device = (of: string) => statSync(of, { throwIfNoEntry: false })?.dev
  return device(path) !== undefined && device(path) !== device(dirname(path))
}

/** Somebody has deleted the table of the bridges' ports, and left that of the addresses. */
const lacksSenders = (record: SandboxRecord, owned: OwnedElements): boolean =>
  record.endpoints.some(({ addresses, hostLink, mac }) =>
    FAMILIES.some((family) => addresses[family] && !owned.has(record, sets.senders[family], `${hostLink} . ${mac} . ${addresses[family]?.address}`)),
  )

/** Somebody has flushed the ruleset, or part of it: what a sandbox lacks of it. */
async function giveBack({ host, networks }: Pick<Context, 'host' | 'networks'>, { record, path, text }: StoredRecord): Promise<void> {
  const { endpoints, ports, name, id } = record
  for (const network of new Set(endpoints.map((endpoint) => endpoint.network))) await networks.ready(network)
  await ensureRuleset(host)
  const claims = await new Holdings(host).lacking(claimSandbox({ endpoints, ports, owner: ownerComment(name, id) }))
  // The check comes last: who changes or removes the sandbox meanwhile takes these away with the rest, or they are taken back.
  const refusal = await attempt(host, [...claims, { op: 'file.check', path, expected: text }])
  // EEXIST: another process heals, too.
  if (refusal && !['EEXIST', 'ESTALE', 'ENOENT'].includes(refusal.errnoName)) throw refusal
}

function holdPorts({ name, endpoints, ports: mappings }: SandboxRecord, ports: PortTable): void {
  for (const mapping of mappedPorts(endpoints, mappings)) {
    ports.take(mapping, name)
    ports.settle(mapping)
  }
}
