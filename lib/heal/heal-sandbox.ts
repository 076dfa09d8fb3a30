import { dirname } from 'node:path'
import { endpointsOf } from '../drivers/index.js'
import { claimSandbox, isAddress, isClaim } from '../drivers/plans/claims.js'
import { withIpv6Inside } from '../drivers/ipv6-inside.js'
import { remakeEndpoint } from '../drivers/plans/connect.js'
import { freeInterface } from '../drivers/free-interface.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { SlipwayError } from '../base/errors.js'
import { mapOf, publishedKey } from '../policy/elements.js'
import { claimedAddress } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import { PlanRefused } from '../kernel/refusal.js'
import type { LinkInfo } from '../kernel/native.js'
import { circumstancesOf } from '../drivers/ready.js'
import type { Operation, SetDefinition } from '../plan/operation.js'
import { explainRefusal } from '../claims/refusals.js'
import type { HealContext } from './context.js'
import { removedStrayZone } from './stray-zone.js'
import { thisProcess } from '../store/maker.js'
import { asOfNow } from '../store/namespace.js'
import { ownerComment, readOwner } from '../store/owner.js'
import { readRecord, stackPlace, toStored, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { tryPlan } from '../claims/remove-if-there.js'
import { keepEndpoints } from './drop-endpoints.js'
import { SetContents } from '../claims/set-contents.js'
import { repairDefaultRoute } from './repair-routes.js'
import type { OwnedElements } from '../claims/owned.js'

type Part = Pick<HealContext, 'host' | 'networks'>

/** What has become of a sandbox of which something was missing. */
export interface Healing {
  /** As it is by now. */
  item: StoredRecord
  /** Whether something was given back. */
  healed: boolean
  /** Whether links were made again. */
  relinked: boolean
  lost: Loss[]
}

/** What of a network could not be given back to a sandbox, and why. */
export interface Loss {
  network: string
  sentence: string
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
export async function healSandbox(
  context: Part,
  item: StoredRecord,
  owned: OwnedElements,
  links: ReadonlyMap<string, LinkInfo>,
): Promise<Healing> {
  const isLinked = await allLinked(context.host, item.record, links)
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

const claimsOf = ({ name, id, endpoints, ports, forwarding }: SandboxRecord): Operation[] =>
  claimSandbox({ endpoints, ports, owner: ownerComment(name, id), forwarding })

async function allLinked(host: Host, record: SandboxRecord, links: ReadonlyMap<string, LinkInfo>): Promise<boolean> {
  for (const endpoint of record.endpoints) {
    const found = endpointsOf(endpoint).isLinked(endpoint, { host, ...stackPlace(record) }, links)
    if (!(found instanceof Promise ? await found : found)) return false
  }
  return true
}

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
  const lost: Loss[] = []
  for (let tried = 0; tried < TRIES; tried++) {
    const { record, path, text } = item
    const setContents = new SetContents(host)
    const others = await takenByOthers(setContents, record)
    if (others.size > 0) {
      const stay = record.endpoints.filter((endpoint) => !others.has(endpoint))
      const next = await keepEndpoints(host, item, stay, owned)
      if (!next) return { ...untouched(item), lost }
      lost.push(
        ...[...others].map(([{ network }, what]) => ({
          network,
          sentence: `sandbox ${record.name}: ${what}, so it was taken off the network ${network}`,
        })),
      )
      item = next
      continue
    }
    const claims = await setContents.lacking(claimsOf(await withoutTakenPorts(setContents, record)))
    if (claims.length === 0) return { ...untouched(item), lost }
    // The check comes last: who changes or removes the sandbox meanwhile takes these away with the rest, or they are
    // taken back.
    const refusal = await tryPlan(host, [...claims, { op: 'file.check', path, expected: text }])
    if (!refusal) return { ...untouched(item), healed: true, lost }
    if (refusal.errnoName === 'ESTALE' || (refusal.errnoName === 'ENOENT' && refusal.operation.op === 'file.check'))
      return { ...untouched(item), lost }
    if (!['EEXIST', 'ENOENT'].includes(refusal.errnoName)) throw refusal
    await removedStrayZone({ host }, refusal)
  }
  return { ...untouched(item), lost }
}

/** Endpoints whose address or MAC another has claimed since, with what is to be said of it. */
async function takenByOthers(setContents: SetContents, record: SandboxRecord): Promise<Map<StoredEndpoint, string>> {
  const found = new Map<StoredEndpoint, string>()
  for (const endpoint of record.endpoints) {
    for (const [set, key] of endpointsOf(endpoint).elements(endpoint)) {
      if (!isClaim(set)) continue
      const what = isAddress(set) ? `address ${claimedAddress(key)}` : `MAC address ${endpoint.mac}`
      const other = await holderOf(setContents, record, set, key)
      if (other !== undefined)
        found.set(endpoint, `CONFLICT: its ${what} was claimed by ${other} while the claim was gone`)
    }
  }
  return found
}

/** Who else has it; `undefined` where it is the sandbox's, or nobody's. */
async function holderOf(
  setContents: SetContents,
  { name, id }: SandboxRecord,
  set: SetDefinition,
  key: string,
): Promise<string | undefined> {
  const element = (await setContents.of(set)).find((one) => one.key === key)
  if (!element || element.comment === ownerComment(name, id)) return undefined
  const owner = readOwner(element.comment)
  return owner ? `the sandbox ${owner.name}` : element.comment === '' ? 'an administrator' : element.comment
}

/** Of a port that another has, nothing is given back: it is looked at with those that are half published. */
async function withoutTakenPorts(setContents: SetContents, record: SandboxRecord): Promise<SandboxRecord> {
  const ports: SandboxRecord['ports'] = []
  for (const mapping of record.ports) {
    const isMapped = mapping.protocol === 'all' || mapping.hostPort !== 0
    if (isMapped && (await holderOf(setContents, record, mapOf(mapping), publishedKey(mapping))) !== undefined) continue
    ports.push(mapping)
  }
  return { ...record, ports }
}

/** Makes links anew that were deleted: with one end, the kernel takes the other. */
async function remakeLinks(
  { host, networks }: Part,
  stored: StoredRecord,
): Promise<Pick<Healing, 'item' | 'relinked' | 'lost'>> {
  const lost: Loss[] = []
  let item = stored
  let relinked = false
  for (const before of item.record.endpoints) {
    const { id, network } = before
    const { record, path, text } = item
    const of = endpointsOf(before)
    if (await of.isLinked(before, { host, ...stackPlace(record) })) continue
    const mark = toStored(dirname(path), { ...record, busy: thisProcess() })
    try {
      const ready = await networks.ready(network)
      const { spec } = ready
      const circumstances = circumstancesOf(ready)
      const inside = new Set((await host.find('links', { netns: record.path }))?.map(({ name }) => name))
      // The sandbox may have made a link of its own by that name.
      const named = (one: StoredEndpoint): StoredEndpoint =>
        one.id === id && inside.has(one.interface)
          ? { ...one, interface: freeInterface(spec.interfacePrefix, record.endpoints, inside) }
          : one
      const next = { ...toStored(dirname(path), { ...record, endpoints: record.endpoints.map(named) }), marked: true }
      const namespace = record.namespace && asOfNow(record.namespace)
      for (const endpoint of next.record.endpoints.filter((one) => one.id === id)) {
        const plan = remakeEndpoint(
          { path: record.path, namespace, record: { path, before: text, mark: mark.text, content: next.text } },
          endpoint,
          circumstances,
          next.record.endpoints,
        )
        await withIpv6Inside(plan, (one) => host.run(one))
      }
      item = next
      relinked = true
    } catch (error) {
      // Another process changes it, and sees to it.
      if (error instanceof PlanRefused && error.errnoName === 'ESTALE' && error.operation.op === 'file.replace')
        return { item, relinked, lost }
      if (!(error instanceof PlanRefused || error instanceof SlipwayError)) throw error
      // Another process was first, and the record is as it was.
      if (await of.isLinked(before, { host, ...stackPlace(record) })) continue
      const { message } = error instanceof PlanRefused ? await explainRefusal(error, host) : error
      // Another process has removed it.
      if ((await readRecord(dirname(path), record.name))?.record.id !== record.id) return { item, relinked, lost }
      lost.push({
        network,
        sentence: `sandbox ${record.name}: its interface on the network ${network} is gone, and cannot be made again: ${message}`,
      })
    }
  }
  if (relinked) await repairDefaultRoute(host, item.record)
  return { item, relinked, lost }
}
