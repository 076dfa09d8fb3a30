import { dirname } from 'node:path'
import { endpointsOf } from '../drivers/index.js'
import { claimEndpoint, isAddress, isClaim } from '../drivers/plans/claims.js'
import { deleteUnfiltered } from '../drivers/plans/delete-unfiltered.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { removeOwn } from '../policy/elements.js'
import type { Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import type { SetDefinition } from '../plan/operation.js'
import { FAMILIES } from '../store/network-spec.js'
import { thisProcess } from '../store/maker.js'
import { isAtPath } from '../store/namespace.js'
import { ownerComment } from '../store/owner.js'
import {
  idle,
  isAtWork,
  isBusy,
  stackPlace,
  toStored,
  type SandboxRecord,
  type StoredRecord,
} from '../store/records.js'
import { flushConnections } from './forget-addresses.js'
import { tryPlan, removeIfThere, removeHostRoutes } from '../claims/remove-if-there.js'
import { repairPublishedPorts, repairDefaultRoute } from './repair-routes.js'
import type { OwnedElements } from '../claims/owned.js'

/**
 * Ends what a process that died had begun: to connect a sandbox to a network, or to disconnect it. The endpoint that
 * came or went stays where all of it is there; else it goes, as does one whose network is gone. Default route and
 * published ports lead through those that stay.
 *
 * @param links - Ports of bridges; those that are deleted here are taken out.
 * @param networks - Names of those that are there.
 * @returns The record as it is then.
 */
export async function dropEndpoints(
  host: Host,
  item: StoredRecord,
  owned: OwnedElements,
  links: Map<string, LinkInfo>,
  networks: ReadonlySet<string>,
): Promise<StoredRecord> {
  const { record } = item
  if (isBusy(record)) return item
  const isAbandoned = record.busy !== undefined
  const lost = isAtWork(record) ? [] : record.endpoints.filter((endpoint) => !networks.has(endpoint.network))
  const changing = isAbandoned ? record.endpoints.find(({ id }) => id === record.changing) : undefined
  if (changing && !lost.includes(changing) && !(await isWhole(host, record, changing, owned, links)))
    lost.push(changing)
  if (lost.length === 0 && !isAbandoned) return item
  return (
    (await keepEndpoints(
      host,
      item,
      record.endpoints.filter((endpoint) => !lost.includes(endpoint)),
      owned,
      // It may have been healing: then a link is half made, and is made anew.
      isAbandoned ? () => unlinkHalves(host, record, links) : undefined,
    )) ?? item
  )
}

/**
 * Deletes links that were made and nothing more: they are down and have no address. (What a sandbox takes from a link
 * of its own is given back with it.)
 */
async function unlinkHalves(host: Host, record: SandboxRecord, links: Map<string, LinkInfo>): Promise<void> {
  const { path: netns, endpoints } = record
  if (endpoints.length === 0 || !isAtPath(record)) return
  const there = (await host.find('links', { netns })) ?? []
  const addressed = new Set(
    [
      ...((await host.find('addresses', { netns })) ?? []),
      ...((await host.find('addresses', { netns, ipv6: true })) ?? []),
    ].map(({ index }) => index),
  )
  for (const endpoint of endpoints) {
    const half = there.find(({ name, up, index }) => name === endpoint.interface && !up && !addressed.has(index))
    if (!half) continue
    await removeIfThere(host, [{ op: 'link.delete', netns, name: half.name, index: half.index }])
    for (const name of endpointsOf(endpoint).hostLinks(endpoint)) links.delete(name)
  }
}

/**
 * Takes a sandbox off networks that it is not to be on any more.
 *
 * @param stay - Its endpoints after that.
 * @param meanwhile - What else is to be done while no other process changes it.
 * @returns The record as it is then; `undefined` where another process has changed it, or ends the same: it lives, and
 * knows what it does.
 */
export async function keepEndpoints(
  host: Host,
  { record, path, text }: StoredRecord,
  stay: readonly StoredEndpoint[],
  owned: OwnedElements,
  meanwhile?: () => Promise<void>,
): Promise<StoredRecord | undefined> {
  const mark = toStored(dirname(path), { ...record, busy: thisProcess() })
  if (await tryPlan(host, [{ op: 'file.replace', path, content: mark.text, expected: text }])) return undefined
  const next = toStored(dirname(path), { ...idle(record), endpoints: [...stay] })
  // Before its address is anybody's again: no port leads to who has it next.
  await repairPublishedPorts(host, next.record, owned)
  for (const endpoint of record.endpoints)
    if (!stay.includes(endpoint)) await drop(host, record, endpoint, ownerComment(record.name, record.id))
  await meanwhile?.()
  await repairDefaultRoute(host, next.record)
  return (await tryPlan(host, [{ op: 'file.replace', path, content: next.text, expected: mark.text }]))
    ? undefined
    : next
}

/** Whether claims and link are there, and what is inside, which is made last and in one go. */
async function isWhole(
  host: Host,
  record: SandboxRecord,
  endpoint: StoredEndpoint,
  owned: OwnedElements,
  links: ReadonlyMap<string, LinkInfo>,
): Promise<boolean> {
  if (
    !(await endpointsOf(endpoint).isLinked(endpoint, { host, ...stackPlace(record) }, links)) ||
    !claimEndpoint(endpoint, ownerComment(record.name, record.id)).every((operation) => owned.hasAll(record, operation))
  )
    return false
  if (!isAtPath(record)) return false
  const inside = [
    ...((await host.find('addresses', { netns: record.path })) ?? []),
    ...((await host.find('addresses', { netns: record.path, ipv6: true })) ?? []),
  ]
  return FAMILIES.every(
    (family) =>
      !endpoint.addresses[family] || inside.some(({ address }) => address === endpoint.addresses[family]?.address),
  )
}

async function drop(host: Host, record: SandboxRecord, endpoint: StoredEndpoint, comment: string): Promise<void> {
  const of = endpointsOf(endpoint)
  const elements = of.elements(endpoint)
  const free = async (meant: (set: SetDefinition) => boolean) => {
    for (const [set, key] of elements) if (meant(set)) await removeIfThere(host, [removeOwn(set, { key, comment })])
  }
  await removeHostRoutes(host, of.dropHostRoutes(endpoint), comment)
  // It is not to speak as who has its address next.
  await free((set) => !isClaim(set))
  const unfiltered = await deleteUnfiltered(
    host,
    stackPlace(record),
    [endpoint],
    record.endpoints.filter((other) => other !== endpoint),
  )
  await removeIfThere(host, of.unfilteredLinks ? unfiltered : of.unlink(record.path, [endpoint]))
  await removeIfThere(host, of.forget(endpoint))
  await flushConnections(
    host,
    FAMILIES.flatMap((family) => endpoint.addresses[family]?.address ?? []),
  )
  await free(isAddress)
  await free((set) => isClaim(set) && !isAddress(set))
}
