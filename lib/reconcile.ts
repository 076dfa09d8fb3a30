import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { remove } from './firewall/elements.js'
import * as sets from './firewall/sets.js'
import { PlanRefused, type Host } from './host.js'
import type { ElementInfo } from './native.js'
import type { Operation, SetDefinition } from './plan/operation.js'
import type { PortTable } from './ports/port-table.js'
import type { Context } from './sandbox/context.js'
import { isAlive, listRecords, readOwner, type SandboxRecord, type StoredRecord } from './state/records.js'

/** What {@link reconcile} found and did. */
export interface Reconciled {
  /** Names of the sandboxes that were there and whole. */
  adopted: string[]
  /** What a process that died had left half done, and what was done about it. */
  collected: string[]
}

const OWNED = [sets.addresses4, sets.published4, sets.publishedAt4, sets.senders4]

interface Owned {
  set: SetDefinition
  element: ElementInfo
  shortId: string
}

/**
 * Compares what the kernel has with what the records say. What is whole is adopted; what a process that died left
 * half made or half removed is removed; what a living process is at work on is left alone.
 *
 * The kernel is asked before the records: what is seen there has had its record before, so an element or link without
 * one is a leftover and not something on its way.
 */
export async function reconcile({ host, records, ports }: Pick<Context, 'host' | 'records' | 'ports'>): Promise<Reconciled> {
  const owned = await ownedElements(host)
  const links = (await host.ask('links', {})).filter((link) => link.group === sets.PORT_GROUP)
  const stored = await listRecords(records)
  const result: Reconciled = { adopted: [], collected: [] }
  const alive = new Set<string>()
  const keptLinks = new Set<string>()

  for (const item of stored) {
    const { record } = item
    if (isWhole(record, owned)) {
      result.adopted.push(record.name)
      holdPorts(record, ports)
    } else if (!isAlive(record.maker)) {
      await collect(host, [{ op: 'netns.delete', path: record.path }], record)
      await collect(host, [{ op: 'file.delete', path: item.path }])
      result.collected.push(`sandbox ${record.name}: half made or half removed, removed`)
      continue
    }
    alive.add(record.id.slice(0, 12))
    if (record.endpoint) keptLinks.add(record.endpoint.hostLink)
  }

  for (const { set, element, shortId } of owned) {
    if (alive.has(shortId)) continue
    await collect(host, [remove(set, { key: element.key })])
    result.collected.push(`element ${element.key} of ${set.set}: its sandbox is gone, removed`)
  }
  for (const link of links) {
    if (keptLinks.has(link.name)) continue
    await collect(host, [{ op: 'link.delete', name: link.name }])
    result.collected.push(`link ${link.name}: its sandbox is gone, removed`)
  }
  return result
}

async function ownedElements(host: Host): Promise<Owned[]> {
  const owned: Owned[] = []
  for (const set of OWNED) {
    for (const element of (await host.find('elements', set)) ?? []) {
      const owner = readOwner(element.comment)
      if (owner) owned.push({ set, element, shortId: owner.shortId })
    }
  }
  return owned
}

function isWhole(record: SandboxRecord, owned: readonly Owned[]): boolean {
  if (record.network === 'host') return true
  if (!isNamespace(record.path)) return false
  const { endpoint } = record
  return !endpoint || owned.some(({ set, element, shortId }) => set === sets.addresses4 && element.key === endpoint.address && shortId === record.id.slice(0, 12))
}

/** Whether a namespace is bound to a path: then it lies on another file system than its folder. */
function isNamespace(path: string): boolean {
  const device = (of: string) => statSync(of, { throwIfNoEntry: false })?.dev
  return device(path) !== undefined && device(path) !== device(dirname(path))
}

function holdPorts(record: StoredRecord['record'], ports: PortTable): void {
  for (const mapping of record.ports) {
    ports.take(mapping, record.name)
    ports.settle(mapping)
  }
}

/** Removes, minding nothing that has gone meanwhile: another process may be cleaning up, too. */
async function collect(host: Host, operations: Operation[], record?: SandboxRecord): Promise<void> {
  // A host-mode sandbox's namespace is the host's own.
  if (record?.network === 'host') return
  try {
    await host.run(operations)
  } catch (error) {
    if (!(error instanceof PlanRefused && ['ENOENT', 'ENODEV'].includes(error.errnoName))) throw error
  }
}
