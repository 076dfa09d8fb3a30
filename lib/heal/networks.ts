import { claimNetwork, elementsOf, finishNetwork, readBridgeAlias } from '../drivers/bridge/network.js'
import { leafElements, readLeafAlias } from '../drivers/bridge/leaf.js'
import { SlipwayError } from '../base/errors.js'
import { ownedByNetworks } from '../policy/network-elements.js'
import { sharedWithSandboxes } from '../policy/resolver-elements.js'
import { BRIDGE_GROUP, bridges } from '../policy/sets.js'
import { PlanRefused, type Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import { leavesOf } from '../drivers/bridge/leaves.js'
import { DEFAULT_NETWORK } from '../store/network-spec.js'
import type { Shared } from './shared.js'
import type { Family, SetDefinition } from '../plan/operation.js'
import { isSubnetTaken } from '../claims/refusals.js'
import { isAlive } from '../store/maker.js'
import { specOf, type StoredNetwork } from '../store/network-records.js'
import { readOwner } from '../store/owner.js'
import type { SandboxRecord } from '../store/records.js'
import { attempt, collectElement } from '../claims/collect.js'
import { Holdings } from '../claims/holdings.js'
import { reconcileLeaves } from './leaves.js'
import { sleep } from '../base/timers.js'

/** How long, in milliseconds, a living process takes at most from a network's record to the end of its removal. */
const PATIENCE_MS = 50

type Part = Pick<Shared, 'host' | 'networks' | 'settings'>

/**
 * Gives networks back what somebody has flushed or deleted, ends the making of those whose maker has died, and removes
 * what is left of those whose remover has.
 *
 * @param tables - Families whose table was there.
 * @param records - Of the sandboxes.
 * @param links - All of the host, as they were found.
 * @param aside - Networks whose records cannot be read: nothing of them is removed.
 * @returns What was healed and what was removed, a sentence each.
 */
export async function reconcileNetworks(
  context: Part,
  tables: ReadonlySet<Family>,
  records: readonly SandboxRecord[],
  links: readonly LinkInfo[],
  aside: ReadonlySet<string>,
): Promise<{ healed: string[]; collected: string[] }> {
  const { host, networks } = context
  const healed: string[] = []
  const dropped: string[] = []
  const holdings = new Holdings(host, tables)
  const stored = await networks.list()
  for (const item of stored) {
    const { name, spec } = item.record
    const lacks = (await holdings.lacking([...claimNetwork(specOf(item)), ...finishNetwork(specOf(item))])).some(
      ({ op }) => op === 'element.add',
    )
    if (!lacks && links.some((link) => link.name === spec.bridge)) continue
    networks.forget(name)
    try {
      if (await networks.restore(item)) healed.push(`network ${name}`)
    } catch (error) {
      if (!(error instanceof SlipwayError && error.code === 'CONFLICT')) throw error
      // An interface of somebody else's stands in its way: who uses the network hears of it.
      if (isStillborn(item, error, records, links)) dropped.push(...(await forget(host, item)))
    }
  }
  if (await restoreDefault(context, holdings, links)) healed.push(`network ${DEFAULT_NETWORK}`)
  healed.push(...(await reconcileLeaves(context, records, links, holdings)))
  return { healed, collected: [...dropped, ...(await collectLeftovers(context, holdings, links, stored, aside))] }
}

/** Gives the default network back elements that somebody has deleted, where it has its bridge. */
async function restoreDefault(
  { networks, settings }: Part,
  holdings: Holdings,
  links: readonly LinkInfo[],
): Promise<boolean> {
  if (!links.some(({ name }) => name === settings.bridgeName)) return false
  const spec = await networks.defaultBridge.present()
  if (
    !spec ||
    (await holdings.lacking([...claimNetwork(spec), ...finishNetwork(spec)])).every(({ op }) => op !== 'element.add')
  )
    return false
  // What it lacks all of, another process may be making at this moment.
  const wasThere = await holdings.has(bridges, spec.bridge)
  networks.forget(DEFAULT_NETWORK)
  try {
    await networks.ready(DEFAULT_NETWORK)
    return wasThere
  } catch (error) {
    // Whoever uses it hears of it.
    if (!(error instanceof SlipwayError)) throw error
    return false
  }
}

/**
 * Whether all that there is of a network is its record: its maker has died before it had claimed a subnet, and another
 * network has that by now.
 */
const isStillborn = (
  { record: { name, maker, spec } }: StoredNetwork,
  { cause }: SlipwayError,
  sandboxes: readonly SandboxRecord[],
  links: readonly LinkInfo[],
): boolean =>
  cause instanceof PlanRefused &&
  isSubnetTaken(cause) &&
  !isAlive(maker) &&
  !links.some((link) => link.name === spec.bridge) &&
  !sandboxes.some(({ endpoints }) => endpoints.some(({ network }) => network === name))

async function forget(host: Host, { record, path, text }: StoredNetwork): Promise<string[]> {
  const refusal = await attempt(host, [
    { op: 'file.check', path, expected: text },
    { op: 'file.delete', path },
  ])
  return refusal ? [] : [`network ${record.name}: half made, and its subnet is another's, removed`]
}

/** Bridges and elements of networks that have no record. */
async function collectLeftovers(
  { host, networks, settings }: Part,
  holdings: Holdings,
  links: readonly LinkInfo[],
  stored: readonly StoredNetwork[],
  aside: ReadonlySet<string>,
): Promise<string[]> {
  const strayLinks = (of: readonly StoredNetwork[]) => {
    const known = new Set(of.map(({ record }) => record.spec.bridge))
    const names = new Set([...aside, ...of.map(({ record }) => record.name)])
    return links.filter(({ name, kind, alias, group }) => {
      if (kind !== 'bridge' || group !== BRIDGE_GROUP) return false
      const leaf = readLeafAlias(alias)
      if (leaf) return leaf.network !== DEFAULT_NETWORK && !names.has(leaf.network)
      const read = readBridgeAlias(alias)
      return (
        read?.stateDir === settings.stateDir &&
        read.name !== DEFAULT_NETWORK &&
        !aside.has(read.name) &&
        !known.has(name)
      )
    })
  }
  const strayElements = async (of: readonly StoredNetwork[], there: readonly LinkInfo[]) => {
    const elements = of.flatMap(({ record: { spec } }) => [
      ...elementsOf(spec),
      ...leavesOf(there, spec).flatMap((number) => leafElements(spec, number)),
    ])
    const known = new Set(elements.map(([set, { key }]) => `${set.set} ${key}`))
    const stray: { set: SetDefinition; key: string; comment: string }[] = []
    for (const set of [...ownedByNetworks, ...sharedWithSandboxes]) {
      for (const { key, comment } of await holdings.of(set))
        if (isOfNetwork(comment) && !aside.has(comment) && !known.has(`${set.set} ${key}`))
          stray.push({ set, key, comment })
    }
    return stray
  }
  if (strayLinks(stored).length + (await strayElements(stored, links)).length === 0) return []
  await sleep(PATIENCE_MS)
  // Who removes a network and finds it in use gives it its record back.
  const now = await networks.list()
  const collected: string[] = []
  for (const { set, key, comment } of await strayElements(now, await host.ask('links', {}))) {
    if (await collectElement(host, set, { key, comment }))
      collected.push(`element ${key} of ${set.set}: its network is gone, removed`)
  }
  for (const { name, index } of strayLinks(now)) {
    // That very link, and none that has its name by now.
    const refusal = await attempt(host, [
      { op: 'link.check', name, index },
      { op: 'link.delete', name },
    ])
    if (refusal && !['ENODEV', 'ESTALE'].includes(refusal.errnoName)) throw refusal
    if (!refusal) collected.push(`bridge ${name}: its network is gone, removed`)
  }
  return collected
}

/** What has no comment is an administrator's. */
const isOfNetwork = (comment: string): boolean =>
  comment !== '' && comment !== DEFAULT_NETWORK && readOwner(comment) === undefined

/** With another state directory, every sandbox would look like a leftover. */
export function requireSameRecords(links: readonly LinkInfo[], stateDir: string): void {
  for (const { name, alias } of links) {
    const other = readBridgeAlias(alias)?.stateDir
    if (other === undefined || other === stateDir) continue
    throw new SlipwayError(
      'CONFLICT',
      `stateDir: the records of this host's sandboxes are in ${other} (the alias of ${name} says so), not in ${stateDir}. Open with stateDir ${other}; or remove those sandboxes and the bridge first.`,
    )
  }
}
