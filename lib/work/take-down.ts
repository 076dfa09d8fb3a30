import { join } from 'node:path'
import { addedByOthers } from '../claims/older-tables.js'
import { tryPlan } from '../claims/remove-if-there.js'
import { writtenTables } from '../claims/ruleset-tables.js'
import { SlipwayError } from '../base/errors.js'
import { sayDamage, type Damaged } from '../store/folder.js'
import { listNetworkRecords } from '../store/network-records.js'
import { listAllRecords } from '../store/records.js'
import { removeStateFolder } from '../store/remove-state-folder.js'
import { networkDrivers } from '../drivers/index.js'
import type { Context } from './context.js'
import { takeBackNetwork, takeBackRuleset } from './take-back.js'

/** What has gone, and what has not and why, a few words each. */
export interface TakenDown {
  removed: string[]
  stays: string[]
}

/** @throws {SlipwayError} `CONFLICT`: of what is no record, nobody can tell what it uses. */
export async function requireReadableRecords({ records, networks }: Context): Promise<void> {
  const refuse = (one: Damaged) => {
    throw new SlipwayError('CONFLICT', sayDamage(one))
  }
  await listAllRecords(records, refuse)
  await listNetworkRecords(networks.records, refuse)
}

/**
 * Takes down what is left of a host without sandboxes and networks: the bridges that every host has, and the tables.
 * What somebody else uses of it stays.
 */
export async function takeDown(context: Context): Promise<TakenDown> {
  const { networks, removals } = context
  const found: TakenDown = { removed: [], stays: [] }
  // The claims of what was removed stand in the tables.
  await removals.awaitFree()
  for (const [name, network] of networks.predefined) {
    if (!(await network.present())) continue
    const what = `bridge ${network.link}`
    if (await takeBackNetwork(context, name)) found.removed.push(what)
    else found.stays.push(used(what))
  }
  await takeLinks(context, found)
  const tables = await writtenTables(context.host)
  if (tables.size === 0) return found
  const what = 'tables of nf_tables'
  const added = await addedByOthers(context.host, tables)
  if (found.stays.length > 0 || !(await takeBackRuleset(context))) found.stays.push(used(what))
  else found.removed.push(added.length === 0 ? what : `${what}, with what was added to them: ${added.join(', ')}`)
  return found
}

const used = (what: string): string => `${what}: somebody uses it`

/** Links of ours that are of no network that this process knows: the default bridge by another name (`bridgeName`). */
async function takeLinks({ host, settings }: Context, found: TakenDown): Promise<void> {
  const links = await host.ask('links', {})
  const none = { specs: [], kept: new Set<string>(), entered: new Set<string>(), predefined: new Map<string, string>() }
  for (const driver of networkDrivers)
    for (const { name, index, kind } of driver.networks.leftovers(links, {
      ...none,
      unread: false,
      stateDir: settings.stateDir,
    })) {
      const what = `${kind} ${name}`
      const isUsed = links.some(({ master }) => master === index)
      const refusal =
        isUsed ||
        (await tryPlan(host, [
          { op: 'link.check', name, index },
          { op: 'link.delete', name },
        ]))
      if (refusal) found.stays.push(used(what))
      else found.removed.push(what)
    }
}

/** Removes the folder of a host in the state directory, once nothing is left that it is about. */
export function removeState(stateDir: string, identity: number, found: TakenDown): void {
  const folder = join(stateDir, String(identity))
  const stays = removeStateFolder(folder)
  found.stays.push(...stays.map((path) => `${path}: it is not Slipway's`))
  if (stays.length === 0) found.removed.push(`folder ${folder}`)
}
