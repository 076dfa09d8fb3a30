import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { writtenTables } from '../claims/ruleset-tables.js'
import { SlipwayError } from '../base/errors.js'
import { sayDamage, type Damaged } from '../store/folder.js'
import { listNetworkRecords } from '../store/network-records.js'
import { listAllRecords } from '../store/records.js'
import type { Context } from './context.js'
import { takeBackNetwork, takeBackRuleset } from './take-back.js'

/** What has gone, and what has not, a few words each. */
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
    const list = (await takeBackNetwork(context, name)) ? found.removed : found.stays
    list.push(`bridge ${network.link}`)
  }
  if ((await writtenTables(context.host)).size === 0) return found
  const list = found.stays.length === 0 && (await takeBackRuleset(context)) ? found.removed : found.stays
  list.push('tables of nf_tables')
  return found
}

/** Removes the folder of a host in the state directory, once nothing is left that it is about. */
export function removeState(stateDir: string, identity: number): string {
  const folder = join(stateDir, String(identity))
  rmSync(folder, { recursive: true, force: true })
  return `folder ${folder}`
}
