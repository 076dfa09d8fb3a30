import { writtenTables } from '../claims/ruleset-tables.js'
import { SetContents } from '../claims/set-contents.js'
import type { LinkInfo } from '../kernel/native.js'
import { listNetworkRecords, specOf } from '../store/network-records.js'
import { listRecords, type SandboxRecord } from '../store/records.js'
import type { HealContext } from './context.js'
import { FEW, type Damage } from './damage.js'
import { DamagedRecords } from './damaged-records.js'
import { giveBackFiles } from './give-back-files.js'
import { healFew, healSandboxes } from './heal-sandboxes.js'
import { ownLinksOf } from './links-of.js'
import { sortLeaving } from './leaving-networks.js'
import { restoreNetworkLinks } from './network-links.js'
import { forgetLost, reconcileNetworks } from './networks.js'

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
  const files = await giveBackFiles(context, damage.files)
  mended.healed.push(...files.healed)
  mended.lost.push(...files.lost)
  // It tells by itself whom it has given something back.
  if (damage.ruleset) await networks.ensureRuleset()
  let lost: ReadonlySet<string> = new Set()
  let { links } = damage
  if (damage.all || damage.networks.size > 0) {
    const found = await mendNetworks(context, damage)
    mended.healed.push(...found.healed)
    mended.lost.push(...found.sentences)
    lost = found.lost
    links = lost.size === 0 ? found.links : undefined
  }
  if (damage.all || damage.sandboxes.size + lost.size > 0) {
    const { all, sandboxes } = damage
    const isOnLost = (endpoints: SandboxRecord['endpoints']) => endpoints.some(({ network }) => lost.has(network))
    const found =
      !all && lost.size === 0 && sandboxes.size <= FEW
        ? await healFew(context, sandboxes)
        : await healSandboxes(
            context,
            ({ name, endpoints }) => all || sandboxes.has(name) || isOnLost(endpoints),
            damage.known,
            links,
          )
    mended.healed.push(...found.healed)
    mended.lost.push(...found.lost.map(({ sentence }) => sentence))
    // What was not given back, and is not lost, has its network go at this moment: it is looked at again.
    const given = new Set(found.healed)
    mended.left = found.left || (found.lost.length === 0 && [...sandboxes].some((name) => !given.has(name)))
  }
  return mended
}

/**
 * @returns What was given something back; names of networks whose link, or a part, had gone, and with it what is on it;
 *   what could not be given back; and the links of the host, as they were before.
 */
async function mendNetworks(
  context: Part,
  { known, links: seen }: Pick<Damage, 'known' | 'links'>,
): Promise<{ healed: string[]; lost: ReadonlySet<string>; sentences: readonly string[]; links: readonly LinkInfo[] }> {
  const { host, networks } = context
  const tables = await writtenTables(host)
  // What was seen a moment ago is looked at once more where it is not as it is to be.
  const found = seen ?? (await host.ask('links', {}))
  const records = (await listRecords(context.records, undefined, known)).map(({ record }) => record)
  const renamed = await restoreNetworkLinks(context, found, records)
  const links = renamed.length > 0 ? await host.ask('links', {}) : found
  const setContents = new SetContents(host, tables)
  await forgetLost(context, { links, setContents })
  const damaged = new DamagedRecords()
  await listNetworkRecords(networks.records, (one) => damaged.add(one))
  const { living } = await sortLeaving(host, networks.records, records)
  const names = new Set(links.map(({ name }) => name))
  const lost = new Set<string>()
  for (const one of networks.predefined.values())
    if (!names.has(one.link) || (await one.isLost({ links, setContents }))) lost.add(one.name)
  for (const spec of (await networks.list()).map(specOf)) {
    if (ownLinksOf(spec).some((name) => !names.has(name))) lost.add(spec.name)
  }
  const mended = await reconcileNetworks(context, tables, records, links, new Set([...damaged.names, ...living]))
  const healed = [...new Set([...renamed, ...mended.healed])]
  return { healed, lost: new Set([...lost, ...mended.parts]), sentences: mended.lost, links }
}
