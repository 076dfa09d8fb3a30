import * as sets from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import { networksOf } from '../drivers/index.js'
import type { Plan } from '../plan/operation.js'
import type { HealContext } from './context.js'
import { specOf } from '../store/network-records.js'
import type { SandboxRecord } from '../store/records.js'
import { FAMILIES } from '../store/network-spec.js'
import { now, sleep } from '../base/timers.js'
import { tryPlan, removeIfThere } from '../claims/remove-if-there.js'
import { commentOf, type Owned } from '../claims/owned.js'

type Part = Pick<HealContext, 'host' | 'networks'>

/**
 * How long, in milliseconds, a living process keeps the addresses of what it has removed until it gives them up, and
 * some.
 */
const PATIENCE_MS = 300
const STEP_MS = 20

export const isAddress = ({ set }: Owned): boolean => sets.isAddressClaim(set)

/** What the host has routes to. Of an address on a link's segment it knows nothing. */
const isRouted = ({ set }: Owned): boolean => FAMILIES.some((family) => sets.addresses[family].set === set.set)

/** Addresses that endpoints of sandboxes have left, and that a process which died has not given up. */
export function leftAddresses(records: Iterable<SandboxRecord>, owned: Iterable<Owned>): Owned[] {
  const addresses = new Map<string, Set<string>>()
  for (const record of records) {
    addresses.set(
      commentOf(record),
      new Set(
        record.endpoints.flatMap((endpoint) => FAMILIES.flatMap((family) => endpoint.addresses[family]?.address ?? [])),
      ),
    )
  }
  return [...owned].filter(
    (one) => isAddress(one) && addresses.get(one.owner)?.has(sets.claimedAddress(one.element.key)) === false,
  )
}

/**
 * Has conntrack, the host and sandboxes forget addresses that nobody owns any more, before others may have them.
 *
 * @param doubtful - Addresses that a living process may be giving up at this moment: it is given time.
 * @returns Those that are there still.
 */
export async function forgetUnowned(context: Part, doubtful: readonly Owned[]): Promise<readonly Owned[]> {
  let left = doubtful
  for (const deadline = now() + PATIENCE_MS; left.length > 0 && now() < deadline;) {
    await sleep(STEP_MS)
    left = await stillThere(context.host, left)
  }
  await forgetAtOnce(context, left)
  return left
}

/** The same for those among elements of what this process itself has ended. */
export async function forgetAtOnce(context: Part, elements: readonly Owned[]): Promise<void> {
  const left = elements.filter(isRouted).map(({ element }) => element.key)
  if (left.length === 0) return
  await flushConnections(context.host, left)
  const places = await forgetPlaces(context, left)
  for (const operation of places) if (operation.op !== 'neighbor.announce') await tryPlan(context.host, [operation])
  await tryPlan(
    context.host,
    places.filter(({ op }) => op === 'neighbor.announce'),
  )
}

export async function flushConnections(host: Host, addresses: readonly string[]): Promise<void> {
  // Without conntrack's netlink nothing can be forgotten, nor is there much to be forgotten.
  if (addresses.length > 0)
    await removeIfThere(host, [{ op: 'conntrack.flush', addresses }], { background: true }).catch(() => undefined)
}

/** What the host and sandboxes know of where these have been. */
async function forgetPlaces({ host, networks }: Part, addresses: readonly string[]): Promise<Plan> {
  const links = await host.ask('links', {})
  const specs = [...(await networks.present()), ...(await networks.list()).map(specOf)]
  return specs.flatMap((spec) => networksOf(spec).forget(spec, links, addresses))
}

async function stillThere(host: Host, elements: readonly Owned[]): Promise<Owned[]> {
  const comments = new Map<string, string>()
  for (const set of new Set(elements.map((one) => one.set)))
    for (const { key, comment } of (await host.find('elements', set)) ?? []) comments.set(key, comment)
  return elements.filter(({ element }) => comments.get(element.key) === element.comment)
}
