import * as sets from '../firewall/sets.js'
import type { Host } from '../host.js'
import type { SetDefinition } from '../plan/operation.js'
import type { SandboxRecord } from '../state/records.js'
import { FAMILIES } from '../network/spec.js'
import { now, sleep } from '../timers.js'
import { collect } from './collect.js'
import { commentOf, type Owned } from './owned.js'

/** How long, in milliseconds, a living process keeps the addresses of what it has removed until it gives them up, and some. */
const PATIENCE_MS = 300
const STEP_MS = 20

const isAddress = (set: SetDefinition): boolean => FAMILIES.some((family) => sets.addresses[family].set === set.set)

/** Addresses that endpoints of sandboxes have left, and that a process which died has not given up. */
export function leftAddresses(records: Iterable<SandboxRecord>, owned: Iterable<Owned>): Owned[] {
  const addresses = new Map<string, Set<string>>()
  for (const record of records) {
    addresses.set(commentOf(record), new Set(record.endpoints.flatMap((endpoint) => FAMILIES.flatMap((family) => endpoint.addresses[family]?.address ?? []))))
  }
  return [...owned].filter(({ set, element, owner }) => isAddress(set) && addresses.get(owner)?.has(element.key) === false)
}

/**
 * Has conntrack forget the addresses among elements that nobody owns any more, before others may have them.
 *
 * @param doubtful - Elements that a living process may be giving up at this moment: it is given time.
 * @returns Those that are there still.
 */
export async function forget(host: Host, doubtful: readonly Owned[]): Promise<Owned[]> {
  let left = doubtful.filter(({ set }) => isAddress(set))
  for (const deadline = now() + PATIENCE_MS; left.length > 0 && now() < deadline; ) {
    await sleep(STEP_MS)
    left = await stillThere(host, left)
  }
  await flush(host, left)
  return [...doubtful.filter(({ set }) => !isAddress(set)), ...left]
}

/** The same for elements of what this process itself has ended. */
export const flush = (host: Host, elements: readonly Owned[]): Promise<void> => forgetAddresses(host, elements.filter(({ set }) => isAddress(set)).map(({ element }) => element.key))

export async function forgetAddresses(host: Host, addresses: readonly string[]): Promise<void> {
  // Without conntrack's netlink nothing can be forgotten, nor is there much to be forgotten.
  if (addresses.length > 0) await collect(host, [{ op: 'conntrack.flush', addresses }], { aside: true }).catch(() => undefined)
}

async function stillThere(host: Host, elements: readonly Owned[]): Promise<Owned[]> {
  const comments = new Map<string, string>()
  for (const family of FAMILIES) for (const { key, comment } of (await host.find('elements', sets.addresses[family])) ?? []) comments.set(key, comment)
  return elements.filter(({ element }) => comments.get(element.key) === element.comment)
}
