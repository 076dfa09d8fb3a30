import { writtenTables } from '../claims/ruleset-tables.js'
import { SetContents } from '../claims/set-contents.js'
import * as sets from '../policy/sets.js'
import { listNetworkRecords } from '../store/network-records.js'
import { listRecords } from '../store/records.js'
import type { HealContext } from './context.js'
import { FEW, type Damage } from './damage.js'
import { DamagedRecords } from './damaged-records.js'
import { healFew, healSandboxes } from './heal-sandboxes.js'
import { sortLeaving } from './leaving-networks.js'
import { reconcileNetworks } from './networks.js'

/** What has become of what was damaged. */
export interface Mended {
  /** Names of sandboxes, and `network web`, that were given something back. */
  healed: string[]
  /** What could not be given back: a sentence each. */
  lost: string[]
  /** Whether a process is at work on some of it: what it leaves is to be looked at again. */
  left: boolean
}

type Part = Pick<HealContext, 'host' | 'networks' | 'records' | 'routes' | 'settings'>

/** Gives back what is damaged, as an open() would; what is not is not looked at. */
export async function mend(context: Part, damage: Damage): Promise<Mended> {
  const { networks } = context
  const mended: Mended = { healed: [], lost: [], left: false }
  // It tells by itself whom it has given something back.
  if (damage.ruleset) await networks.ensureRuleset()
  if (damage.all || damage.networks.size > 0) mended.healed.push(...(await mendNetworks(context)))
  if (damage.all || damage.sandboxes.size > 0) {
    const { all, sandboxes } = damage
    const found =
      !all && sandboxes.size <= FEW
        ? await healFew(context, sandboxes)
        : await healSandboxes(context, ({ name }) => all || sandboxes.has(name))
    mended.healed.push(...found.healed)
    mended.lost.push(...found.lost.map(({ sentence }) => sentence))
    mended.left = found.left
  }
  return mended
}

async function mendNetworks(context: Part): Promise<string[]> {
  const { host, networks } = context
  const tables = await writtenTables(host)
  const links = await host.ask('links', {})
  const setContents = new SetContents(host, tables)
  for (const { name, link } of networks.predefined.values())
    if (!(await setContents.has(sets.bridges, link)) || !links.some((one) => one.name === link)) networks.forget(name)
  const damaged = new DamagedRecords()
  await listNetworkRecords(networks.records, (one) => damaged.add(one))
  const records = (await listRecords(context.records)).map(({ record }) => record)
  const { living } = await sortLeaving(host, networks.records, records)
  const { healed } = await reconcileNetworks(context, tables, records, links, new Set([...damaged.names, ...living]))
  return healed
}
