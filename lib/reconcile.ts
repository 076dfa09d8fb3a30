import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { claimSandbox, readBridgeAlias } from './drivers/bridge.js'
import { finishChanges, type Owned } from './finish-changes.js'
import { SlipwayError } from './errors.js'
import { remove } from './firewall/elements.js'
import * as sets from './firewall/sets.js'
import { PlanRefused, type Host } from './host.js'
import type { LinkInfo } from './native.js'
import type { Plan } from './plan/operation.js'
import type { PortTable } from './ports/port-table.js'
import type { Context } from './sandbox/context.js'
import { isAlive, listHalfWritten, listRecords, ownerComment, readOwner, type SandboxRecord, type StoredRecord } from './state/records.js'

/** What {@link reconcile} found and did. */
export interface Reconciled {
  /** Names of the sandboxes that were there and whole. */
  adopted: string[]
  /** Names of the sandboxes whose rules somebody had flushed, and that have them back. */
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
 * @returns What was done, and the records of the sandboxes that are there.
 */
export async function reconcile(context: Pick<Context, 'host' | 'settings' | 'records' | 'ports' | 'bridge'>): Promise<{ reconciled: Reconciled; kept: SandboxRecord[] }> {
  const { host, ports } = context
  const flushed = !(await host.find('element', { ...sets.bridges, key: context.settings.bridgeName }))
  if (flushed) context.bridge.forget()
  const owned = await ownedElements(host)
  const all = await host.ask('links', {})
  const links = all.filter((link) => sets.isPortGroup(link.group))
  const stored = await listRecords(context.records)
  requireSameRecords(all, context.settings.stateDir)
  const halfWritten = await listHalfWritten(context.records)
  const result: Reconciled = { adopted: [], healed: [], collected: [] }
  const known = new Set<string>()
  const adopted: StoredRecord[] = []
  const kept: SandboxRecord[] = []

  for (const item of stored) {
    const { record } = item
    if (isClaimed(record, owned) && (await isFinished(record, links, host))) {
      result.adopted.push(record.name)
      adopted.push(item)
    } else if (flushed && (await isWholeInside(record, host))) {
      await context.bridge.ensure()
      await heal(record, host)
      result.healed.push(record.name)
    } else if (!isAlive(record.maker)) {
      await collect(host, [{ op: 'netns.delete', path: record.path }])
      await collect(host, [{ op: 'file.delete', path: item.path }])
      result.collected.push(`sandbox ${record.name}: half made or half removed, removed`)
      continue
    }
    takePorts(record, ports)
    kept.push(record)
    known.add(shortId(record))
    if (record.endpoint) known.add(record.endpoint.hostLink)
  }

  for (const { set, element, shortId } of owned) {
    if (known.has(shortId)) continue
    await collect(host, [remove(set, { key: element.key })])
    result.collected.push(`element ${element.key} of ${set.set}: its sandbox is gone, removed`)
  }
  for (const link of links) {
    if (known.has(link.name)) continue
    await collect(host, [{ op: 'link.delete', name: link.name }])
    result.collected.push(`link ${link.name}: its sandbox is gone, removed`)
  }
  result.collected.push(...(await finishChanges(host, adopted, owned, halfWritten)))
  return { reconciled: result, kept }
}

/** Whether a plan was refused because sets or elements are not there: somebody has flushed the ruleset, or part of it. */
export const missesElements = ({ operation, errnoName }: PlanRefused): boolean =>
  (operation.op === 'element.add' || operation.op === 'element.delete') && errnoName === 'ENOENT'

/** With another state directory, every sandbox would look like a leftover. */
function requireSameRecords(links: readonly LinkInfo[], stateDir: string): void {
  for (const { name, alias } of links) {
    const other = readBridgeAlias(alias)?.stateDir
    if (other === undefined || other === stateDir) continue
    throw new SlipwayError('CONFLICT', `stateDir: the records of this host's sandboxes are in ${other} (the alias of ${name} says so), not in ${stateDir}. Open with stateDir ${other}; or remove those sandboxes and the bridge first.`)
  }
}

const shortId = (record: SandboxRecord) => record.id.slice(0, 12)

async function ownedElements(host: Host): Promise<Owned[]> {
  const owned: Owned[] = []
  for (const set of sets.ownedBySandboxes) {
    for (const element of (await host.find('elements', set)) ?? []) {
      const owner = readOwner(element.comment)
      if (owner) owned.push({ set, element, shortId: owner.shortId })
    }
  }
  return owned
}

function isClaimed(record: SandboxRecord, owned: readonly Owned[]): boolean {
  if (record.network === 'host') return true
  if (!isNamespace(record.path)) return false
  const { endpoint } = record
  return !endpoint || owned.some((one) => one.set === sets.addresses[4] && one.element.key === endpoint.address && one.shortId === shortId(record))
}

/**
 * Whether its making came to the end. The last that is made is what is inside, in one go, loopback first. (That the link
 * has a carrier tells it without a visit; that it has none may be the sandbox's own doing.)
 */
async function isFinished({ network, path, endpoint, maker }: SandboxRecord, links: readonly LinkInfo[], host: Host): Promise<boolean> {
  if (network === 'host' || isAlive(maker)) return true
  if (endpoint && links.some((link) => link.name === endpoint.hostLink && link.carrier)) return true
  return (await host.ask('links', { netns: path })).some((link) => link.name === 'lo' && link.up)
}

/** Whether all of a sandbox is there but its claims. */
async function isWholeInside({ endpoint, path }: SandboxRecord, host: Host): Promise<boolean> {
  if (!endpoint || !isNamespace(path) || !(await host.find('link', { name: endpoint.hostLink }))) return false
  const inside = await host.ask('addresses', { netns: path })
  return inside.some(({ address }) => address === endpoint.address)
}

/** Whether a namespace is bound to a path: then it lies on another file system than its folder. */
function isNamespace(path: string): boolean {
  const device = (of: string) => statSync(of, { throwIfNoEntry: false })?.dev
  return device(path) !== undefined && device(path) !== device(dirname(path))
}

async function heal({ endpoint, ports, name, id }: SandboxRecord, host: Host): Promise<void> {
  if (!endpoint) return
  try {
    await host.run(claimSandbox({ endpoint, ports, owner: ownerComment(name, id) }))
  } catch (error) {
    // EEXIST: another process heals, too.
    if (!(error instanceof PlanRefused && error.errnoName === 'EEXIST')) throw error
  }
}

function takePorts(record: StoredRecord['record'], ports: PortTable): void {
  for (const mapping of record.ports) {
    ports.take(mapping, record.name)
    ports.settle(mapping)
  }
}

/**
 * Runs a plan of removal whose elements may be gone in part: each is removed by itself, and not missed.
 */
export async function removeWhatIsThere(host: Host, plan: Plan): Promise<void> {
  for (const operation of plan) {
    if (operation.op !== 'element.delete') continue
    for (const element of operation.elements) await collect(host, [{ ...operation, elements: [element] }])
  }
  await host.run(plan.filter(({ op }) => op !== 'element.delete'))
}

/** Removes, minding nothing that has gone meanwhile: another process may be cleaning up, too. */
async function collect(host: Host, plan: Plan): Promise<void> {
  try {
    await host.run(plan)
  } catch (error) {
    if (!(error instanceof PlanRefused && ['ENOENT', 'ENODEV'].includes(error.errnoName))) throw error
  }
}
