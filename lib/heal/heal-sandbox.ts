import { dirname } from 'node:path'
import { Slices } from '../admission/slices.js'
import { endpointsOf } from '../drivers/index.js'
import { withIpv6Inside } from '../drivers/ipv6-inside.js'
import { remakeEndpoint } from '../drivers/plans/connect.js'
import { freeInterface } from '../drivers/free-interface.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { SlipwayError } from '../base/errors.js'
import type { Host } from '../kernel/host.js'
import { PlanRefused } from '../kernel/refusal.js'
import type { LinkInfo } from '../kernel/native.js'
import { circumstancesOf } from '../drivers/ready.js'
import { explainRefusal } from '../claims/refusals.js'
import type { HealContext } from './context.js'
import { thisProcess } from '../store/maker.js'
import { asOfNow } from '../store/namespace.js'
import { readRecord, stackPlace, toStored, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { claimsOf, giveBack, giveBackTogether } from './give-back.js'
import { untouched, type Healing, type Loss } from './healing.js'
import { repairDefaultRoute } from './repair-routes.js'
import type { OwnedElements } from '../claims/owned.js'

type Part = Pick<HealContext, 'host' | 'networks' | 'routes'>

/**
 * Gives a sandbox that was whole once what it lacks: an administrator, a program of the host, or the sandbox itself has
 * taken away claims or links. Where its address is another's by now, it is taken off that network; nothing else is
 * taken from it.
 *
 * @param owned - Elements as they were found, and `links` likewise: of most sandboxes, nothing more has to be asked.
 * @param isGiven - It has been given its claims back since, by {@link healClaims}.
 */
export async function healSandbox(
  context: Part,
  item: StoredRecord,
  owned: OwnedElements,
  links: ReadonlyMap<string, LinkInfo>,
  isGiven = false,
): Promise<Healing> {
  const isLinked = await allLinked(context.host, item.record, links)
  if (isLinked && (isGiven || isClaimed(item.record, owned))) return { ...untouched(item), healed: isGiven }
  await ready(context, [item.record])
  const given = isGiven ? { ...untouched(item), healed: true } : await giveBack(context, item, owned)
  const linked = isLinked ? untouched(given.item) : await remakeLinks(context, given.item)
  return {
    item: linked.item,
    healed: given.healed || linked.relinked,
    relinked: linked.relinked,
    lost: [...given.lost, ...linked.lost],
  }
}

async function allLinked(host: Host, record: SandboxRecord, links: ReadonlyMap<string, LinkInfo>): Promise<boolean> {
  for (const endpoint of record.endpoints) {
    const found = endpointsOf(endpoint).isLinked(endpoint, { host, ...stackPlace(record) }, links)
    if (!(found instanceof Promise ? await found : found)) return false
  }
  return true
}

/**
 * Gives sandboxes their claims back, as far as that can be done for many at once.
 *
 * @returns Those that lacked some and have all.
 */
export async function healClaims(
  context: Part,
  items: readonly StoredRecord[],
  owned: OwnedElements,
): Promise<ReadonlySet<StoredRecord>> {
  const lacking: StoredRecord[] = []
  const slices = new Slices()
  for (const item of items) {
    const pause = slices.next()
    if (pause) await pause
    if (!isClaimed(item.record, owned)) lacking.push(item)
  }
  if (lacking.length < 2) return new Set()
  await ready(
    context,
    lacking.map(({ record }) => record),
  )
  return giveBackTogether(context, lacking)
}

const isClaimed = (record: SandboxRecord, owned: OwnedElements): boolean =>
  claimsOf(record).every((operation) => owned.hasAll(record, operation))

/** Their networks come first: bridges, and the sets that claims are in. */
async function ready({ networks }: Part, records: readonly SandboxRecord[]): Promise<void> {
  for (const network of new Set(records.flatMap(({ endpoints }) => endpoints.map((endpoint) => endpoint.network)))) {
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

/** A link may be taken away again while it is made: so often it is tried at once. */
const REMAKES = 4

/** Makes links anew that were deleted: with one end, the kernel takes the other. */
async function remakeLinks(context: Part, stored: StoredRecord): Promise<Pick<Healing, 'item' | 'relinked' | 'lost'>> {
  let found = await remakeOnce(context, stored)
  for (let tried = 1; tried < REMAKES && found.lost.some(({ again }) => again); tried++) {
    const { relinked } = found
    found = await remakeOnce(context, found.item)
    found.relinked ||= relinked
  }
  return found
}

async function remakeOnce(
  { host, networks, routes }: Part,
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
      const links = (await host.find('links', { netns: record.path })) ?? []
      // It goes by another name on the host: what it was called there is in the rules, and no frame of it passes.
      const renamed = links.filter((link) => link.kind === 'veth' && link.linkElsewhere && link.address === before.mac)
      const inside = new Set(links.filter((link) => !renamed.includes(link)).map(({ name }) => name))
      // The sandbox may have made a link of its own by that name.
      const named = (one: StoredEndpoint): StoredEndpoint =>
        one.id === id && inside.has(one.interface)
          ? { ...one, interface: freeInterface(spec.interfacePrefix, record.endpoints, inside) }
          : one
      const next = { ...toStored(dirname(path), { ...record, endpoints: record.endpoints.map(named) }), marked: true }
      const namespace = record.namespace && asOfNow(record.namespace)
      for (const endpoint of next.record.endpoints.filter((one) => one.id === id)) {
        const plan = remakeEndpoint(
          {
            path: record.path,
            namespace,
            record: { path, before: text, mark: mark.text, content: next.text },
            routes: { own: { gone: [], fresh: routes.of(next.record) } },
          },
          endpoint,
          circumstances,
          next.record.endpoints,
          renamed,
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
        ...(wasTakenAgain(error) ? { again: true } : {}),
        sentence: `sandbox ${record.name}: its interface on the network ${network} is gone, and cannot be made again: ${message}`,
      })
    }
  }
  if (relinked) await repairDefaultRoute(host, item.record)
  return { item, relinked, lost }
}

/** A sandbox, or an administrator, has deleted the link in the middle of its making. */
const wasTakenAgain = (error: unknown): boolean =>
  error instanceof PlanRefused && error.errnoName === 'ENODEV' && error.operation.op !== 'link.create'
