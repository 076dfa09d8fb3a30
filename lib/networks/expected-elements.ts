import { Slices } from '../admission/slices.js'
import type { ExpectedElements } from '../claims/ensure-ruleset.js'
import { dirname } from 'node:path'
import { networksOf } from '../drivers/index.js'
import { claimSandbox } from '../drivers/plans/claims.js'
import { add, elementName, removeOwn } from '../policy/elements.js'
import { addresses, isAddressClaim } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import { isIp } from '../base/addresses/address.js'
import { familyOf } from '../base/addresses/ip.js'
import type { NetworkSpec } from '../store/network-spec.js'
import type { ElementAdd, Operation } from '../plan/operation.js'
import type { Damaged } from '../store/folder.js'
import { listNetworkRecords, specOf, type StoredNetwork } from '../store/network-records.js'
import { ownerComment } from '../store/owner.js'
import {
  isInTheMaking,
  listAllRecords,
  listRecords,
  readAnyRecord,
  whenIdle,
  type SandboxRecord,
  type StoredRecord,
} from '../store/records.js'
import { tryPlan } from '../claims/remove-if-there.js'

/** What is to stand in the sets for a sandbox or a network that is there. */
interface Due {
  /** `app` for a sandbox, `network web` for a network. */
  what: string
  elements: Operation[]
}

interface Folders {
  networks: string
  sandboxes: string
}

/** @param predefined - Networks that every host has, as far as they are there. */
export async function readExpectedElements(
  host: Host,
  folders: Folders,
  predefined: readonly NetworkSpec[],
): Promise<ExpectedElements> {
  // The links before the records: an endpoint whose link is seen has its record.
  const links = await host.ask('links', {})
  const networks = await listNetworkRecords(folders.networks)
  const damaged: Damaged[] = []
  const sandboxes = await listAllRecords(folders.sandboxes, (one) => damaged.push(one))
  const records = sandboxes.map(({ record }) => record)
  const [living, leaving] = [records.filter(({ removing }) => !removing), records.filter(({ removing }) => removing)]
  function* dues(): Generator<Due> {
    for (const item of networks) yield dueOfNetwork(specOf(item), links)
    // Nobody is told of these: they are on every host.
    for (const spec of predefined) yield { ...dueOfNetwork(spec, links), what: '' }
    for (const record of [...living, ...leaving]) yield dueOfSandbox(record)
    for (const one of damaged) yield dueOfDamaged(one)
  }
  const owners = new Map<string, string>()
  const plan: ElementAdd[] = []
  const slices = new Slices()
  for (const { what, elements } of dues()) {
    const pause = slices.next()
    if (pause) await pause
    for (const operation of elements) {
      if (operation.op !== 'element.add') continue
      // Of two that have come to share a claim, the first keeps it.
      const fresh = operation.elements.filter(({ key }) => !owners.has(elementName(operation, key)))
      for (const { key } of fresh) owners.set(elementName(operation, key), what)
      if (fresh.length > 0) plan.push({ ...operation, elements: fresh })
    }
  }
  return {
    plan,
    owners: [...new Set(owners.values())].filter((name) => name !== ''),
    settle: () => settle(host, folders, networks, sandboxes, links),
  }
}

/** Whose elements those would be. */
export async function readOwners({ networks, sandboxes }: Folders): Promise<string[]> {
  const records = (await listRecords(sandboxes)).filter(({ record }) => record.endpoints.length > 0)
  return [
    ...(await listNetworkRecords(networks)).map(({ record }) => ofNetwork(record.name)),
    ...records.map(({ record }) => record.name),
  ]
}

const ofNetwork = (name: string): string => `network ${name}`

const dueOfNetwork = (spec: NetworkSpec, links: readonly LinkInfo[]): Due => ({
  what: ofNetwork(spec.name),
  elements: networksOf(spec)
    .elements(spec, links)
    .map(([set, element]) => add(set, { ...element, comment: spec.name })),
})

/**
 * What is being made or connected has its claims, too: it may have had them already. Where it had not, its own attempt
 * to claim is refused, it is undone and tried again, and loses here what it was given. What is being removed has its
 * addresses until conntrack has forgotten them.
 */
function dueOfSandbox({ name, id, ports, endpoints, removing, forwarding }: SandboxRecord): Due {
  const elements = claimSandbox({ endpoints, ports, owner: ownerComment(name, id), forwarding })
  if (!removing) return { what: name, elements }
  return {
    what: '',
    elements: elements.filter((operation) => operation.op === 'element.add' && isAddressClaim(operation)),
  }
}

/**
 * A record that cannot be read says nothing that is acted on. The addresses that its text names are kept from others
 * all the same, as its sandbox may have them still.
 */
function dueOfDamaged({ name, text = '' }: Damaged): Due {
  const [, id] = /"id":"([0-9a-f]{64})"/.exec(text) ?? []
  if (id === undefined) return { what: '', elements: [] }
  const named = new Set(
    [...text.matchAll(/"address":"([^"\\]{2,45})"/g)].flatMap(([, address]) =>
      address !== undefined && isIp(address) ? [address] : [],
    ),
  )
  return {
    what: '',
    elements: [...named].map((key) => add(addresses[familyOf(key)], { key, comment: ownerComment(name, id) })),
  }
}

/**
 * Sandboxes and networks that were changed or removed while the ruleset was written have been given what is no longer
 * theirs.
 */
async function settle(
  host: Host,
  folders: Folders,
  networks: readonly StoredNetwork[],
  sandboxes: readonly StoredRecord[],
  links: readonly LinkInfo[],
): Promise<void> {
  const surplus: Operation[] = []
  const current = new Map(
    (await listAllRecords(folders.sandboxes, undefined, sandboxes)).map((item) => [item.path, item]),
  )
  for (const { path, text, record } of sandboxes) {
    const item = current.get(path)
    if (item?.text === text && record.busy === undefined && !isInTheMaking(item)) continue
    const now = (record.removing ? item : await whenIdle(() => readAnyRecord(dirname(path), record.name)))?.record
    surplus.push(...without(dueOfSandbox(record).elements, now?.id === record.id ? dueOfSandbox(now).elements : []))
  }
  const left = new Set((await listNetworkRecords(folders.networks)).map(({ record }) => record.id))
  for (const item of networks)
    if (!left.has(item.record.id)) surplus.push(...without(dueOfNetwork(specOf(item), links).elements, []))
  if (surplus.length > 0) await tryPlan(host, surplus)
}

/** Deletes of what is in the first plan and not in the second, where it is its owner's still. */
function without(given: readonly Operation[], kept: readonly Operation[]): Operation[] {
  const keys = new Set(
    kept.flatMap((operation) =>
      operation.op === 'element.add' ? operation.elements.map(({ key }) => elementName(operation, key)) : [],
    ),
  )
  return given.flatMap((operation) => {
    if (operation.op !== 'element.add') return []
    const { op: _, elements, ...set } = operation
    const gone = elements.flatMap(({ key, data, comment }) =>
      comment === undefined || keys.has(elementName(operation, key))
        ? []
        : [{ key, comment, ...(data === undefined ? {} : { data }) }],
    )
    return gone.length > 0 ? [removeOwn(set, ...gone)] : []
  })
}
