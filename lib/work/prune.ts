import { readdirSync, readFileSync, statSync } from 'node:fs'
import { isGivenUp } from '../base/call.js'
import { SlipwayError } from '../base/errors.js'
import { enter } from '../kernel/native.js'
import { isAlive } from '../store/maker.js'
import { namespaceAt } from '../store/namespace.js'
import { isCurrent, listRecords, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { Changes } from './changes.js'
import type { Context } from './context.js'
import { isLeft } from './ephemerals.js'
import { removeSandbox } from './remove-sandbox.js'

/**
 * Removes the sandboxes that are not in use: the process that made them has ended, no process is inside, none has a
 * socket inside, and no other sandbox has joined them.
 *
 * @param isMeant - Of these.
 * @returns Their names.
 */
export async function pruneSandboxes(context: Context, isMeant: (record: SandboxRecord) => boolean): Promise<string[]> {
  const left = (await listRecords(context.records, () => undefined)).filter(
    ({ record }) => isMeant(record) && (record.ephemeral ? isLeft(record) : !isAlive(record.maker)),
  )
  if (left.length === 0) return []
  const inside = namespacesOfProcesses()
  const pruned: string[] = []
  // Those that have joined others first: then nobody has joined these.
  for (const stored of left.sort((a, b) => Number(b.record.stack === 'joined') - Number(a.record.stack === 'joined'))) {
    if (pruned.length === 0) context.call?.check()
    else if (isGivenUp(context.call)) break
    try {
      if (await isUsed(context, stored, inside)) continue
      await removeSandbox(context, new Changes(context, stored))
      pruned.push(stored.record.name)
    } catch (error) {
      // Another process was faster, or has begun to use it.
      if (!(error instanceof SlipwayError && ['NOT_FOUND', 'CONFLICT'].includes(error.code))) throw error
    }
  }
  return pruned.sort()
}

async function isUsed(context: Context, { record }: StoredRecord, inside: ReadonlySet<number>): Promise<boolean> {
  const { id, stack, path, sharedBy = [] } = record
  if (sharedBy.length > 0) {
    const joiners = (await listRecords(context.records, () => undefined)).map((stored) => stored.record)
    if (joiners.some(({ joined }) => joined?.id === id)) return true
  }
  // In the host's network is every process that is not elsewhere.
  if (stack === 'host') return false
  const namespace = namespaceAt(path)
  if (!namespace || namespace.inode === context.host.identity) return false
  return inside.has(namespace.inode) || hasSockets(context, record)
}

/** Inode numbers of the network namespaces that processes are in, as far as this pid namespace shows them. */
function namespacesOfProcesses(): ReadonlySet<number> {
  const found = new Set<number>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      found.add(statSync(`/proc/${entry}/ns/net`).ino)
    } catch {
      // It has ended meanwhile.
    }
  }
  return found
}

const PROTOCOLS = ['tcp', 'tcp6', 'udp', 'udp6', 'udplite', 'udplite6', 'raw', 'raw6', 'icmp', 'icmp6', 'packet']
/** State of a connection of TCP that no process has any more: TIME_WAIT. */
const OVER = /^ *\d+: \S+ \S+ 06 /

/** Whether a process has a socket there, as one that only makes its sockets there: with `enter`. */
function hasSockets({ records }: Context, { name, id, path }: SandboxRecord): boolean {
  if (!isCurrent(`${records}/${name}.json`, id)) return false
  return enter(path, () =>
    PROTOCOLS.some((protocol) =>
      linesOf(`/proc/thread-self/net/${protocol}`)
        .slice(1)
        .some((line) => !OVER.test(line)),
    ),
  )
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean)
  } catch {
    // The kernel lacks the protocol.
    return []
  }
}
