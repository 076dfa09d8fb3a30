import { ownedByNetworks } from '../firewall/network-elements.js'
import { readBridgeAlias } from '../drivers/bridge-network.js'
import { SlipwayError } from '../errors.js'
import { remove } from '../firewall/elements.js'
import * as sets from '../firewall/sets.js'
import type { LinkInfo } from '../native.js'
import { DEFAULT_NETWORK } from '../network/spec.js'
import type { Context } from '../sandbox/context.js'
import { isAlive } from '../state/maker.js'
import { specOf } from '../state/network-records.js'
import { collect } from './collect.js'

/** How long, in milliseconds, a living process takes at most from a network's record to the end of its removal. */
const PATIENCE_MS = 50

/**
 * Gives networks back what somebody has flushed or deleted, ends the making of those whose maker has died, and removes what is
 * left of those whose remover has.
 *
 * @returns What was healed and what was removed, a sentence each.
 */
export async function reconcileNetworks({ host, networks, settings }: Pick<Context, 'host' | 'networks' | 'settings'>, links: readonly LinkInfo[]): Promise<{ healed: string[]; collected: string[] }> {
  const healed: string[] = []
  const collected: string[] = []
  const stored = await networks.list()
  const known = new Set(stored.map(({ record }) => record.spec.bridge))
  for (const item of stored) {
    const { name, maker, spec } = item.record
    const whole = links.some((link) => link.name === spec.bridge) && (await host.find('element', { ...sets.bridges, key: spec.bridge }))
    // A living process may be making it this very moment.
    if (whole || isAlive(maker)) continue
    if (await networks.restore(specOf(item))) healed.push(`network ${name}`)
  }
  const leftovers = links.filter((link) => {
    const alias = readBridgeAlias(link.alias)
    return alias?.stateDir === settings.stateDir && alias.name !== DEFAULT_NETWORK && !known.has(link.name)
  })
  if (leftovers.length === 0) return { healed, collected }
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
  for (const { name, alias } of leftovers) {
    if (!(await host.find('link', { name }))) continue
    for (const set of ownedByNetworks) {
      for (const { key, comment } of (await host.find('elements', set)) ?? []) {
        if (comment === readBridgeAlias(alias)?.name) await collect(host, [remove(set, { key })])
      }
    }
    await collect(host, [{ op: 'link.delete', name }])
    collected.push(`bridge ${name}: its network is gone, removed`)
  }
  return { healed, collected }
}

/** With another state directory, every sandbox would look like a leftover. */
export function requireSameRecords(links: readonly LinkInfo[], stateDir: string): void {
  for (const { name, alias } of links) {
    const other = readBridgeAlias(alias)?.stateDir
    if (other === undefined || other === stateDir) continue
    throw new SlipwayError('CONFLICT', `stateDir: the records of this host's sandboxes are in ${other} (the alias of ${name} says so), not in ${stateDir}. Open with stateDir ${other}; or remove those sandboxes and the bridge first.`)
  }
}
