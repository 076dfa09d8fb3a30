import { dirname } from 'node:path'
import { claimSandbox, remakeEndpoint } from '../drivers/bridge/sandbox.js'
import { freeInterface } from '../drivers/bridge/endpoint.js'
import type { BridgeEndpoint } from '../store/endpoint.js'
import { SlipwayError } from '../base/errors.js'
import { mapOf, publishedKey } from '../policy/elements.js'
import * as sets from '../policy/sets.js'
import { PlanRefused } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import { FAMILIES } from '../store/network-spec.js'
import type { Operation, SetDefinition } from '../plan/operation.js'
import { explainRefusal } from '../claims/refusals.js'
import type { Shared } from './shared.js'
import { wasStrayZone } from './stray-zone.js'
import { thisProcess } from '../store/maker.js'
import { asOfNow } from '../store/namespace.js'
import { ownerComment, readOwner } from '../store/owner.js'
import { readRecord, store, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { attempt } from '../claims/collect.js'
import { takeOff } from './drop-endpoints.js'
import { Holdings } from '../claims/holdings.js'
import { leadOut } from './lead-through.js'
import type { OwnedElements } from '../claims/owned.js'

type Part = Pick<Shared, 'host' | 'networks'>

/** What has become of a sandbox of which something was missing. */
export interface Healing {
  /** As it is by now. */
  item: StoredRecord
  /** Whether something was given back. */
  healed: boolean
  /** Whether links were made again. */
  relinked: boolean
  /** What could not be, and why: a sentence each. */
  lost: string[]
}

/** Others give the same back, or claim it, at the same time: this many times it is looked at again. */
const TRIES = 8

/**
 * Gives a sandbox that was whole once what it lacks: an administrator, a program of the host, or the sandbox itself has
 * taken away claims or links. Where its address is another's by now, it is taken off that network; nothing else is
 * taken from it.
 *
 * @param owned - Elements as they were found, and `links` likewise: of most sandboxes, nothing more has to be asked.
 */
export async function heal(
  context: Part,
  item: StoredRecord,
  owned: OwnedElements,
  links: ReadonlyMap<string, LinkInfo>,
): Promise<Healing> {
  const isLinked = item.record.endpoints.every(({ hostLink }) => links.has(hostLink))
  if (isLinked && claimsOf(item.record).every((operation) => owned.hasAll(item.record, operation)))
    return untouched(item)
  await ready(context, item.record)
  const given = await giveBack(context, item, owned)
  const linked = isLinked ? untouched(given.item) : await remakeLinks(context, given.item)
  return {
    item: linked.item,
    healed: given.healed || linked.relinked,
    relinked: linked.relinked,
    lost: [...given.lost, ...linked.lost],
  }
}

export const untouched = (item: StoredRecord): Healing => ({ item, healed: false, relinked: false, lost: [] })

const claimsOf = ({ name, id, endpoints, ports }: SandboxRecord): Operation[] =>
  claimSandbox({ endpoints, ports, owner: ownerComment(name, id) })

/** Its networks come first: bridges, and the sets that claims are in. */
async function ready({ networks }: Part, { endpoints }: SandboxRecord): Promise<void> {
  for (const network of new Set(endpoints.map((endpoint) => endpoint.network))) {
    try {
      await networks.ready(network)
    } catch (error) {
      // Its record cannot be read, or another has its bridge's name: the claims of its sandboxes are given back all the
      // same.
      if (!(error instanceof SlipwayError)) throw error
    }
  }
  await networks.ensureRuleset()
}

async function giveBack({ host }: Part, item: StoredRecord, owned: OwnedElements): Promise<Healing> {
  const lost: string[] = []
  for (let tried = 0; tried < TRIES; tried++) {
    const { record, path, text } = item
    const holdings = new Holdings(host)
    const others = await takenByOthers(holdings, record)
    if (others.size > 0) {
      const stay = record.endpoints.filter((endpoint) => !others.has(endpoint))
      const next = await takeOff(host, item, stay, owned)
      if (!next) return { ...untouched(item), lost }
      lost.push(
        ...[...others].map(
          ([endpoint, what]) => `sandbox ${record.name}: ${what}, so it was taken off the network ${endpoint.network}`,
        ),
      )
      item = next
      continue
    }
    const claims = await holdings.lacking(claimsOf(await withoutTakenPorts(holdings, record)))
    if (claims.length === 0) return { ...untouched(item), lost }
    // The check comes last: who changes or removes the sandbox meanwhile takes these away with the rest, or they are
    // taken back.
    const refusal = await attempt(host, [...claims, { op: 'file.check', path, expected: text }])
    if (!refusal) return { ...untouched(item), healed: true, lost }
    if (refusal.errnoName === 'ESTALE' || (refusal.errnoName === 'ENOENT' && refusal.operation.op === 'file.check'))
      return { ...untouched(item), lost }
    if (!['EEXIST', 'ENOENT'].includes(refusal.errnoName)) throw refusal
    await wasStrayZone({ host }, refusal)
  }
  return { ...untouched(item), lost }
}

/** Endpoints whose address or MAC another has claimed since, with what is to be said of it. */
async function takenByOthers(holdings: Holdings, record: SandboxRecord): Promise<Map<BridgeEndpoint, string>> {
  const found = new Map<BridgeEndpoint, string>()
  for (const endpoint of record.endpoints) {
    const { addresses, mac, leafOf, bridge } = endpoint
    const claims: [string, SetDefinition, string][] = FAMILIES.flatMap((family): [string, SetDefinition, string][] => {
      const address = addresses[family]?.address
      return address === undefined ? [] : [[`address ${address}`, sets.addresses[family], address]]
    })
    for (const [what, set, key] of [
      ...claims,
      [`MAC address ${mac}`, sets.macs, `${leafOf ?? bridge} . ${mac}`] as const,
    ]) {
      const other = await holderOf(holdings, record, set, key)
      if (other !== undefined)
        found.set(endpoint, `CONFLICT: its ${what} was claimed by ${other} while the claim was gone`)
    }
  }
  return found
}

/** Who else has it; `undefined` where it is the sandbox's, or nobody's. */
async function holderOf(
  holdings: Holdings,
  { name, id }: SandboxRecord,
  set: SetDefinition,
  key: string,
): Promise<string | undefined> {
  const element = (await holdings.of(set)).find((one) => one.key === key)
  if (!element || element.comment === ownerComment(name, id)) return undefined
  const owner = readOwner(element.comment)
  return owner ? `the sandbox ${owner.name}` : element.comment === '' ? 'an administrator' : element.comment
}

/** Of a port that another has, nothing is given back: it is looked at with those that are half published. */
async function withoutTakenPorts(holdings: Holdings, record: SandboxRecord): Promise<SandboxRecord> {
  const ports: SandboxRecord['ports'] = []
  for (const mapping of record.ports) {
    const isMapped = mapping.protocol === 'all' || mapping.hostPort !== 0
    if (isMapped && (await holderOf(holdings, record, mapOf(mapping), publishedKey(mapping))) !== undefined) continue
    ports.push(mapping)
  }
  return { ...record, ports }
}

/** Makes links anew that were deleted: with one end, the kernel takes the other. */
async function remakeLinks(
  { host, networks }: Part,
  stored: StoredRecord,
): Promise<Pick<Healing, 'item' | 'relinked' | 'lost'>> {
  const lost: string[] = []
  let item = stored
  let relinked = false
  for (const { id, hostLink, network } of item.record.endpoints) {
    if (await host.find('link', { name: hostLink })) continue
    const { record, path, text } = item
    const mark = store(dirname(path), { ...record, busy: thisProcess() })
    try {
      const { hairpin, spec } = await networks.ready(network)
      const circumstances = { hairpin, ...(spec.record ? { network: spec.record } : {}) }
      const inside = new Set((await host.find('links', { netns: record.path }))?.map(({ name }) => name))
      // The sandbox may have made a link of its own by that name.
      const named = (one: BridgeEndpoint): BridgeEndpoint =>
        one.id === id && inside.has(one.interface)
          ? { ...one, interface: freeInterface(spec.interfacePrefix, record.endpoints, inside) }
          : one
      const next = { ...store(dirname(path), { ...record, endpoints: record.endpoints.map(named) }), marked: true }
      const namespace = record.namespace && asOfNow(record.namespace)
      for (const endpoint of next.record.endpoints.filter((one) => one.id === id)) {
        await host.run(
          remakeEndpoint(
            { path: record.path, namespace, record: { path, before: text, mark: mark.text, content: next.text } },
            endpoint,
            circumstances,
          ),
        )
      }
      item = next
      relinked = true
    } catch (error) {
      // Another process changes it, and sees to it.
      if (error instanceof PlanRefused && error.errnoName === 'ESTALE' && error.operation.op === 'file.replace')
        return { item, relinked, lost }
      if (!(error instanceof PlanRefused || error instanceof SlipwayError)) throw error
      const { message } = error instanceof PlanRefused ? await explainRefusal(error, host) : error
      // Another process has removed it.
      if ((await readRecord(dirname(path), record.name))?.record.id !== record.id) return { item, relinked, lost }
      lost.push(
        `sandbox ${record.name}: its interface on the network ${network} is gone, and cannot be made again: ${message}`,
      )
    }
  }
  if (relinked) await leadOut(host, item.record)
  return { item, relinked, lost }
}
