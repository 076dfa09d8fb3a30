import { Slices } from '../admission/slices.js'
import { SetContents, SingleElements, type Contents } from '../claims/set-contents.js'
import { tryPlan } from '../claims/remove-if-there.js'
import type { OwnedElements } from '../claims/owned.js'
import type { PortMapping } from '../base/port-mapping.js'
import { mappedPorts } from '../drivers/gateway.js'
import { endpointsOf } from '../drivers/index.js'
import { claimSandbox, isAddress, isClaim } from '../drivers/plans/claims.js'
import type { Operation, SetDefinition } from '../plan/operation.js'
import { mapOf, publishedKey } from '../policy/elements.js'
import { claimedAddress } from '../policy/sets.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { ownerComment, readOwner } from '../store/owner.js'
import type { SandboxRecord, StoredRecord } from '../store/records.js'
import type { HealContext } from './context.js'
import { keepEndpoints } from './drop-endpoints.js'
import { untouched, type Healing, type Loss } from './healing.js'
import { removedStrayZone } from './stray-zone.js'

type Part = Pick<HealContext, 'host'>

/** Others give the same back, or claim it, at the same time: this many times it is looked at again. */
const TRIES = 8

/** So many sandboxes share a transaction. One that is refused has the others of its group tried one by one. */
const GROUP = 128

export const claimsOf = ({ name, id, endpoints, ports, forwarding }: SandboxRecord): Operation[] =>
  claimSandbox({ endpoints, ports, owner: ownerComment(name, id), forwarding })

/**
 * Gives many sandboxes their claims back, each set asked for once, in few transactions.
 *
 * @returns Those that have all that they lacked. The others are to be looked at one by one: another has something of
 * theirs, or they are being changed.
 */
export async function giveBackTogether(
  { host }: Part,
  items: readonly StoredRecord[],
): Promise<ReadonlySet<StoredRecord>> {
  const given = new Set<StoredRecord>()
  const contents = new SetContents(host)
  const slices = new Slices()
  for (let from = 0; from < items.length; from += GROUP) {
    const group: StoredRecord[] = []
    const claims: Operation[] = []
    for (const item of items.slice(from, from + GROUP)) {
      const pause = slices.next()
      if (pause) await pause
      if ((await takenByOthers(contents, item.record)).size > 0) continue
      if ((await takenPorts(contents, item.record)).size > 0) continue
      const lacking = await contents.lacking(claimsOf(item.record))
      if (lacking.length === 0) continue
      claims.push(...lacking)
      group.push(item)
    }
    // Checked last: who changes or removes one meanwhile takes these away with the rest, or they are taken back.
    const checks = group.map(({ path, text }) => ({ op: 'file.check', path, expected: text }) as const)
    if (!(await tryPlan(host, [...claims, ...checks]))) for (const item of group) given.add(item)
  }
  return given
}

/**
 * Gives a sandbox its claims back. Where its address is another's by now, it is taken off that network; nothing else is
 * taken from it.
 */
export async function giveBack({ host }: Part, item: StoredRecord, owned: OwnedElements): Promise<Healing> {
  const lost: Loss[] = []
  const contents = new SingleElements(host)
  for (let tried = 0; tried < TRIES; tried++) {
    const { record, path, text } = item
    const others = await takenByOthers(contents, record)
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
    const taken = await takenPorts(contents, record)
    const ports = record.ports.filter((mapping) => !taken.has(mapping))
    const claims = await contents.lacking(claimsOf({ ...record, ports }))
    const all = [...lost, ...[...taken].map(([mapping, other]) => lostPort(record, mapping, other))]
    if (claims.length === 0) return { ...untouched(item), lost: all }
    // The check comes last: who changes or removes the sandbox meanwhile takes these away with the rest, or they are
    // taken back.
    const refusal = await tryPlan(host, [...claims, { op: 'file.check', path, expected: text }])
    if (!refusal) return { ...untouched(item), healed: true, lost: all }
    if (refusal.errnoName === 'ESTALE' || (refusal.errnoName === 'ENOENT' && refusal.operation.op === 'file.check'))
      return { ...untouched(item), lost }
    if (!['EEXIST', 'ENOENT'].includes(refusal.errnoName)) throw refusal
    await removedStrayZone({ host }, refusal)
  }
  return { ...untouched(item), lost }
}

/** Endpoints whose address or MAC another has claimed since, with what is to be said of it. */
async function takenByOthers(contents: Contents, record: SandboxRecord): Promise<Map<StoredEndpoint, string>> {
  const found = new Map<StoredEndpoint, string>()
  for (const endpoint of record.endpoints) {
    for (const [set, key] of endpointsOf(endpoint).elements(endpoint)) {
      if (!isClaim(set)) continue
      const what = isAddress(set) ? `address ${claimedAddress(key)}` : `MAC address ${endpoint.mac}`
      const other = await holderOf(contents, record, set, key)
      if (other !== undefined)
        found.set(endpoint, `CONFLICT: its ${what} was claimed by ${other} while the claim was gone`)
    }
  }
  return found
}

/** Who else has it; `undefined` where it is the sandbox's, or nobody's. */
async function holderOf(
  contents: Contents,
  { name, id }: SandboxRecord,
  set: SetDefinition,
  key: string,
): Promise<string | undefined> {
  const element = await contents.get(set, key)
  if (!element || element.comment === ownerComment(name, id)) return undefined
  const owner = readOwner(element.comment)
  return owner ? `the sandbox ${owner.name}` : element.comment === '' ? 'an administrator' : element.comment
}

/** Ports that another has, with who that is. Nothing of them is given back. */
async function takenPorts(contents: Contents, record: SandboxRecord): Promise<Map<PortMapping, string>> {
  const taken = new Map<PortMapping, string>()
  for (const mapping of mappedPorts(record.endpoints, record.ports)) {
    const other = await holderOf(contents, record, mapOf(mapping), publishedKey(mapping))
    if (other !== undefined) taken.set(mapping, other)
  }
  return taken
}

const lostPort = ({ name }: SandboxRecord, { hostPort, protocol }: PortMapping, other: string): Loss => ({
  sentence: `sandbox ${name}: its port ${protocol === 'all' ? '' : `${hostPort}/`}${protocol} was claimed by ${other} while the claim was gone, and leads elsewhere`,
})
