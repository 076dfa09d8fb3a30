import { readdirSync, statSync } from 'node:fs'
import { endpointsOf } from '../drivers/index.js'
import { removeIfThere, tryPlan } from '../claims/remove-if-there.js'
import type { Host } from '../kernel/host.js'
import type { Namespace } from '../plan/operation.js'
import { isOfThisBoot } from '../store/maker.js'
import { asOfNow, isAtPath, isNamespace, namespaceAt } from '../store/namespace.js'
import { isBusy, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { isWholeInside } from './whole.js'

/**
 * Gives namespaces of finished sandboxes their names back, where somebody has unmounted or deleted those while the
 * namespace lives: a process is in it, or another sandbox has it, too. One that nobody is in is gone with its name.
 *
 * @returns Names of the sandboxes whose they are.
 */
export async function restoreNames(host: Host, stored: readonly StoredRecord[]): Promise<ReadonlySet<string>> {
  const restored = new Set<string>()
  for (const { record, from, namespace } of await findNameless(host, stored)) {
    const { path } = record
    // The file that it was mounted on may be there still.
    await removeIfThere(host, [{ op: 'netns.delete', path, namespace }])
    const refusal = await tryPlan(host, [
      { op: 'netns.check', path: from, namespace },
      { op: 'netns.bind', path, from },
    ])
    if (!refusal) restored.add(record.name)
  }
  return restored
}

/** Finished sandboxes whose namespaces live, and have lost their names. */
export async function findNameless(
  host: Host,
  stored: readonly StoredRecord[],
): Promise<(Way & { record: SandboxRecord })[]> {
  const found: (Way & { record: SandboxRecord })[] = []
  const lost = stored.flatMap(({ record, marked }) => (marked && isLost(record) ? [record] : []))
  if (lost.length === 0) return found
  const ways = waysIn(host, stored)
  let leading: Promise<ReadonlyMap<number, string>> | undefined
  for (const record of lost) {
    const way = await findNamespace(host, record, ways, () => (leading ??= waysByLink(host, ways)))
    if (way) found.push({ record, ...way })
  }
  return found
}

const isLost = (record: SandboxRecord): boolean =>
  record.stack !== 'host' &&
  !record.foreign &&
  !record.removing &&
  !isBusy(record) &&
  isOfThisBoot(record.maker) &&
  !isNamespace(record.path)

/** A path that leads to a namespace, and which that is. */
interface Way {
  from: string
  namespace: Namespace
}

/**
 * A record may not say which namespace it is of: then it is the one that its links on the host lead into. Addresses and
 * MACs alone say nothing: a namespace of another program, or of another host on this machine, may have the same.
 *
 * @param leading - As {@link waysByLink} finds them, where that was asked for.
 */
async function findNamespace(
  host: Host,
  record: SandboxRecord,
  ways: ReadonlyMap<number, string>,
  leading: () => Promise<ReadonlyMap<number, string>>,
): Promise<Way | undefined> {
  if (record.namespace) {
    const namespace = asOfNow(record.namespace)
    const from = ways.get(namespace.inode)
    return from === undefined ? undefined : { from, namespace }
  }
  const { endpoints } = record
  const found = new Set<string | undefined>()
  for (const endpoint of endpoints) {
    const end = await host.find('link', { name: endpointsOf(endpoint).hostEnd(endpoint) })
    found.add(end && (await leading()).get(end.index))
  }
  const [from] = found
  if (from === undefined || found.size > 1) return undefined
  const namespace = namespaceAt(from)
  return namespace && (await isWholeInside({ endpoints, path: from }, host)) ? { from, namespace } : undefined
}

/** By the numbers of links of the host: where their other ends are. Each namespace is visited once. */
async function waysByLink(host: Host, ways: ReadonlyMap<number, string>): Promise<ReadonlyMap<number, string>> {
  const leading = new Map<number, string>()
  for (const from of ways.values())
    for (const { link } of (await host.find('links into the host', { netns: from })) ?? []) leading.set(link, from)
  return leading
}

/**
 * Paths that lead to namespaces, by the numbers of their inodes: of other sandboxes, and of processes. Whoever is in
 * another user namespace may have made a network namespace himself that looks like any other.
 */
function waysIn(host: Host, stored: readonly StoredRecord[]): ReadonlyMap<number, string> {
  const ways = new Map<number, string>()
  for (const { record } of stored) {
    const { namespace, path, stack } = record
    if (namespace && stack !== 'host' && isAtPath(record)) ways.set(namespace.inode, path)
  }
  const user = statSync('/proc/self/ns/user').ino
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const path = `/proc/${entry}/ns/net`
    try {
      const { ino } = statSync(path)
      if (ino !== host.identity && !ways.has(ino) && statSync(`/proc/${entry}/ns/user`).ino === user)
        ways.set(ino, path)
    } catch {
      // It has ended, or does not let itself be looked at.
    }
  }
  return ways
}
