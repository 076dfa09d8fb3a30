import { rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { reconcile } from '../heal/index.js'
import { writtenTables } from '../claims/ruleset-tables.js'
import { removeWhatIsThere } from '../claims/remove-if-there.js'
import { networksOf } from '../drivers/index.js'
import { RULESET } from '../networks/registry.js'
import { TABLE } from '../policy/sets.js'
import { RESERVE } from '../store/reserve.js'
import { listAllRecords, type SandboxRecord } from '../store/records.js'
import type { Context } from './context.js'

/**
 * After a call that was refused: what it was the first to need goes again, the default bridge and the ruleset, where
 * nobody has come to use them. Whoever makes a sandbox or network writes its record before anything of it, and so does
 * another process meanwhile: records are looked at before, and again after. What has come in between is given back what
 * it had, as after a flush.
 */
export async function takeBackFresh(context: Context): Promise<void> {
  const { networks, work, spares } = context
  // Others of this process that wait for the same may succeed; the last of them sees to it.
  if (networks.fresh.size === 0 || !work.isAlone || spares.networks.length > 0) return
  try {
    for (const name of networks.predefined.keys())
      if (networks.fresh.has(name) && !(await takeBackNetwork(context, name))) return
    if (networks.fresh.has(RULESET)) await takeBackRuleset(context)
  } catch {
    // It stays, as it does after a call that succeeds. What that one was refused for is what the caller hears.
  } finally {
    networks.fresh.clear()
  }
}

/** Removes a network that every host has, unless somebody is on it. @returns Whether it has gone. */
export async function takeBackNetwork(context: Context, name: string): Promise<boolean> {
  const { host, networks } = context
  const predefined = networks.predefined.get(name)
  const spec = await predefined?.present()
  if (!predefined || !spec) return false
  const isOn = ({ endpoints }: SandboxRecord) => endpoints.some(({ network }) => network === name)
  const links = await host.ask('links', {})
  const link = links.find((one) => one.name === predefined.link)
  if ((await someRecord(context, isOn)) || (link && links.some(({ master }) => master === link.index))) return false
  networks.forget(name)
  await removeWhatIsThere(host, await networksOf(spec).removal(host, spec))
  if (!(await someRecord(context, isOn))) return true
  await networks.ready(name)
  await reconcile(context)
  return false
}

/** Removes the tables, unless somebody uses them. @returns Whether they have gone. */
export async function takeBackRuleset(context: Context): Promise<boolean> {
  const { host, networks, records } = context
  const isUsed = async () =>
    (await someRecord(context, ({ endpoints }) => endpoints.length > 0)) || (await networks.list()).length > 0
  if (await isUsed()) return false
  await removeWhatIsThere(
    host,
    [...(await writtenTables(host))].map((family) => ({ op: 'table.delete', family, table: TABLE })),
  )
  if (await isUsed()) {
    await reconcile(context)
    return false
  }
  for (const folder of [records, networks.records]) removeEmpty(folder)
  return true
}

/** What is no record counts as one that may use anything. */
async function someRecord({ records }: Context, meant: (record: SandboxRecord) => boolean): Promise<boolean> {
  let damaged = false
  const found = await listAllRecords(records, () => (damaged = true))
  return damaged || found.some(({ record }) => meant(record))
}

/** A folder that holds no record is made anew with the next one. */
function removeEmpty(folder: string): void {
  try {
    rmSync(join(folder, RESERVE), { force: true })
    rmdirSync(folder)
    rmdirSync(dirname(folder))
  } catch {
    // There is something in it.
  }
}
