import { networkDrivers, networksOf } from '../drivers/index.js'
import { readLinkAlias } from '../drivers/link-alias.js'
import { SlipwayError, type SlipwayErrorCode } from '../base/errors.js'
import { ownedByNetworks } from '../policy/network-elements.js'
import { sharedWithSandboxes } from '../policy/resolver-elements.js'
import * as sets from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import { PlanRefused } from '../kernel/refusal.js'
import { HostState } from '../kernel/host-state.js'
import type { Seen } from '../drivers/networks-of.js'
import type { LinkInfo } from '../kernel/native.js'
import type { HealContext } from './context.js'
import type { Family } from '../plan/operation.js'
import { isSubnetTaken } from '../claims/refusals.js'
import { isAlive } from '../store/maker.js'
import { specOf, type StoredNetwork } from '../store/network-records.js'
import { readOwner } from '../store/owner.js'
import type { SandboxRecord } from '../store/records.js'
import { tryPlan, removeElementsIfThere, type Seen as SeenElement } from '../claims/remove-if-there.js'
import { SetContents } from '../claims/set-contents.js'
import { seeAgain } from './seen.js'
import { sleep } from '../base/timers.js'

/** How long, in milliseconds, a living process takes at most from a network's record to the end of its removal. */
const PATIENCE_MS = 50

/**
 * Why a network cannot be given back what it lacks: an interface of somebody else's stands in its way, the link that it
 * is on has gone, or the kernel knows no such links.
 */
const CANNOT_BE: readonly string[] = ['CONFLICT', 'NOT_FOUND', 'UNSUPPORTED'] satisfies SlipwayErrorCode[]

type Part = Pick<HealContext, 'host' | 'networks' | 'settings'>

/**
 * Gives networks back what somebody has flushed or deleted, ends the making of those whose maker has died, and removes
 * what is left of those whose remover has.
 *
 * @param tables - Families whose table was there.
 * @param records - Of the sandboxes.
 * @param links - All of the host, as they were found.
 * @param damagedNames - Networks whose records cannot be read, or that a living process removes: nothing of them is
 *   removed.
 * @returns What was healed, what was removed, and what cannot be given back, a sentence each; and networks of which a
 *   part was given back that sandboxes are on.
 */
export async function reconcileNetworks(
  context: Part,
  tables: ReadonlySet<Family>,
  records: readonly SandboxRecord[],
  links: readonly LinkInfo[],
  damagedNames: ReadonlySet<string>,
): Promise<{ healed: string[]; parts: ReadonlySet<string>; collected: string[]; lost: string[] }> {
  const { host, networks } = context
  const healed: string[] = []
  const lost: string[] = []
  const dropped: string[] = []
  const parts = new Set<string>()
  const setContents = new SetContents(host, tables)
  const seen = { links, setContents, state: new HostState(host), records }
  const stored = await networks.list()
  for (const item of stored) {
    const { name } = item.record
    const spec = specOf(item)
    if (await networksOf(spec).isWhole(spec, seen)) continue
    networks.forget(name)
    try {
      if (!(await networks.restore(item))) continue
      healed.push(`network ${name}`)
      // What led to sandboxes by a link may have gone with it.
      if (networksOf(spec).standsOn) parts.add(name)
    } catch (error) {
      if (!(error instanceof SlipwayError && CANNOT_BE.includes(error.code))) throw error
      // That a parent has gone, what listens to parents tells.
      if (isStillborn(item, error, records, links)) dropped.push(...(await forget(host, item)))
      else if (error.code === 'CONFLICT') lost.push(lostNetwork(name, error))
    }
  }
  const predefined = await restorePredefined(context, seen)
  healed.push(...predefined.healed)
  lost.push(...predefined.lost)
  const ready = (network: string) => networks.ready(network)
  for (const driver of networkDrivers)
    for (const { network, link } of (await driver.networks.heal?.({ ...seen, host, ready })) ?? []) {
      parts.add(network)
      healed.push(`network ${network}, bridge ${link}`)
    }
  return {
    healed,
    parts,
    lost,
    collected: [...dropped, ...(await collectLeftovers(context, setContents, links, stored, damagedNames))],
  }
}

/** Forgets networks that every host has whose link or entry is not there: the next use of one looks again. */
export async function forgetLost(
  { networks }: Pick<Part, 'networks'>,
  seen: Pick<Seen, 'links' | 'setContents'>,
): Promise<void> {
  for (const one of networks.predefined.values())
    if (!(await seen.setContents.has(sets.bridges, one.link)) || (await one.isLost(seen))) networks.forget(one.name)
}

/**
 * Gives networks that every host has back elements that somebody has deleted, where they have their link, and ends the
 * making of those whose maker has died.
 */
async function restorePredefined({ host, networks }: Part, seen: Seen): Promise<{ healed: string[]; lost: string[] }> {
  const healed: string[] = []
  const lost: string[] = []
  for (const predefined of networks.predefined.values()) {
    let lacks = await predefined.lacks(seen)
    if (lacks === 'some') lacks = await predefined.lacks(await seeAgain(host, seen, [predefined.link]))
    // Without a link, it is made on first use.
    const isTaken = seen.links.some(({ name }) => name === predefined.link) && (await predefined.isLost(seen))
    if (lacks === 'nothing' && !isTaken) continue
    networks.forget(predefined.name)
    try {
      await networks.ready(predefined.name)
      // What is half made or lacks all, another process may be making at this moment.
      if (lacks === 'some') healed.push(`network ${predefined.name}`)
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error
      if (isTaken) lost.push(lostNetwork(predefined.name, error))
    }
  }
  return { healed, lost }
}

/** Another's link has the name of its own, say. */
const lostNetwork = (name: string, { message }: SlipwayError): string => `network ${name}: ${message}`

/**
 * Whether all that there is of a network is its record: its maker has died before it had claimed a subnet, and another
 * network has that by now.
 */
function isStillborn(
  item: StoredNetwork,
  { cause }: SlipwayError,
  sandboxes: readonly SandboxRecord[],
  links: readonly LinkInfo[],
): boolean {
  const { name, maker } = item.record
  const spec = specOf(item)
  const own = networksOf(spec).hostLink(spec)
  return (
    cause instanceof PlanRefused &&
    isSubnetTaken(cause) &&
    !isAlive(maker) &&
    !links.some((link) => link.name === own?.name) &&
    !sandboxes.some(({ endpoints }) => endpoints.some(({ network }) => network === name))
  )
}

async function forget(host: Host, { record, path, text }: StoredNetwork): Promise<string[]> {
  const refusal = await tryPlan(host, [
    { op: 'file.check', path, expected: text },
    { op: 'file.delete', path },
  ])
  return refusal ? [] : [`network ${record.name}: half made, and its subnet is another's, removed`]
}

/** Links and elements of networks that have no record. */
async function collectLeftovers(
  { host, networks, settings }: Part,
  setContents: SetContents,
  links: readonly LinkInfo[],
  stored: readonly StoredNetwork[],
  damagedNames: ReadonlySet<string>,
): Promise<string[]> {
  const entered = new Set((await setContents.of(sets.bridges)).map(({ key }) => key))
  const predefined = new Map([...networks.predefined.values()].map(({ name, link }) => [name, link]))
  const strayLinks = (of: readonly StoredNetwork[]) => {
    const kept = new Set([...damagedNames, ...networks.predefined.keys()])
    return networkDrivers.flatMap((driver) => {
      const specs = of.map(specOf).filter((spec) => spec.driver === driver.name)
      return driver.networks.leftovers(links, {
        specs,
        kept,
        entered,
        predefined,
        unread: damagedNames.size > 0,
        stateDir: settings.stateDir,
      })
    })
  }
  /** What has no comment is an administrator's. */
  const isOfNetwork = (comment: string) =>
    comment !== '' && !networks.predefined.has(comment) && readOwner(comment) === undefined
  const strayElements = async (of: readonly StoredNetwork[], there: readonly LinkInfo[]) => {
    const elements = of.map(specOf).flatMap((spec) => networksOf(spec).elements(spec, there))
    const known = new Set(elements.map(([set, { key }]) => `${set.set} ${key}`))
    const stray: SeenElement[] = []
    for (const set of [...ownedByNetworks, ...sharedWithSandboxes]) {
      for (const { key, comment } of await setContents.of(set))
        if (isOfNetwork(comment) && !damagedNames.has(comment) && !known.has(`${set.set} ${key}`))
          stray.push({ set, element: { key, comment } })
    }
    return stray
  }
  const [first, firstElements] = [strayLinks(stored), await strayElements(stored, links)]
  if (first.length + firstElements.length === 0) return []
  await sleep(PATIENCE_MS)
  // Who removes a network and finds it in use gives it its record back. What is stray since the first look alone, a
  // living process is taking away.
  const now = await networks.list()
  const collected: string[] = []
  const wasStray = new Set(firstElements.map(keyOf))
  const elements = (await strayElements(now, await host.ask('links', {}))).filter((one) => wasStray.has(keyOf(one)))
  for (const { set, element } of await removeElementsIfThere(host, elements))
    collected.push(`element ${element.key} of ${set.set}: its network is gone, removed`)
  for (const { name, index, kind } of strayLinks(now)) {
    if (!first.some((one) => one.index === index)) continue
    // That very link, and none that has its name by now.
    const refusal = await tryPlan(host, [
      { op: 'link.check', name, index },
      { op: 'link.delete', name },
    ])
    if (refusal && !['ENODEV', 'ESTALE'].includes(refusal.errnoName)) throw refusal
    if (!refusal) collected.push(`${kind} ${name}: its network is gone, removed`)
  }
  return collected
}

const keyOf = ({ set, element }: SeenElement): string => `${set.set} ${element.key} ${element.comment}`

/** With another state directory, every sandbox would look like a leftover. */
export function requireSameRecords(links: readonly LinkInfo[], stateDir: string): void {
  for (const { name, alias } of links) {
    const other = readLinkAlias(alias)?.stateDir
    if (other === undefined || other === stateDir) continue
    throw new SlipwayError(
      'CONFLICT',
      `stateDir: the records of this host's sandboxes are in ${other} (the alias of ${name} says so), not in ${stateDir}. Open with stateDir ${other}; or remove those sandboxes and the bridge first.`,
    )
  }
}
