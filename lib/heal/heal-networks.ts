import { SlipwayError } from '../base/errors.js'
import { networksOf } from '../drivers/index.js'
import type { Host } from '../kernel/host.js'
import type { NetworkSpec } from '../store/network-spec.js'
import { specOf, type StoredNetwork } from '../store/network-records.js'
import { listRecords } from '../store/records.js'
import { healSandboxes } from './heal-sandboxes.js'
import type { Loss } from './healing.js'
import type { HealContext } from './context.js'
import { restoreNetworkLinks } from './network-links.js'

type Part = Pick<HealContext, 'host' | 'networks' | 'records' | 'routes' | 'settings'>

/** What has become of networks whose parents have come or gone, and of their sandboxes. */
export interface HealedNetworks {
  /** Networks whose parent is not there, and what that is called. */
  without: { network: string; parent: string }[]
  /** Names of the sandboxes, and networks, that were given something back. */
  healed: string[]
  /** What could not be given back, and why: a sentence each. */
  lost: string[]
  /** Whether a process is at work on some of it: what it leaves is to be looked at again. */
  left: boolean
}

/**
 * Gives networks what they lack, and the sandboxes on them, as an open() would. Networks whose parent is not there are
 * passed over, with their sandboxes.
 *
 * @param isMeant - Which networks.
 */
export async function healNetworks(context: Part, isMeant: (spec: NetworkSpec) => boolean): Promise<HealedNetworks> {
  const { host, networks } = context
  const found: HealedNetworks = { without: [], healed: [], lost: [], left: false }
  const there = new Map<string, Standing>()
  const lost: Loss[] = []
  // A parent of ours that goes by another name is not to be made anew.
  const records = (await listRecords(context.records)).map(({ record }) => record)
  found.healed.push(...(await restoreNetworkLinks(context, await host.ask('links', {}), records)))
  for (const item of await networks.list()) {
    const spec = specOf(item)
    if (!isMeant(spec)) continue
    const ground = await groundOf(host, spec)
    if ('missing' in ground) {
      found.without.push({ network: spec.name, parent: ground.missing })
      continue
    }
    there.set(spec.name, { spec, numbers: ground.numbers })
    const outcome = await restored(networks, item)
    if (typeof outcome === 'string') lost.push({ network: spec.name, sentence: outcome })
    else if (outcome) found.healed.push(`network ${spec.name}`)
  }
  const sandboxes = await healSandboxes(context, ({ endpoints }) => endpoints.some(({ network }) => there.has(network)))
  found.healed.push(...sandboxes.healed)
  found.left ||= sandboxes.left
  lost.push(...sandboxes.lost)
  await judge(host, there, lost, found)
  return found
}

/** A network with all that it stands on, as it was when it was looked at. */
interface Standing {
  spec: NetworkSpec
  numbers: string
}

/** The numbers of the links of somebody else's that a network stands on, or the name of one that is not there. */
async function groundOf(host: Host, spec: NetworkSpec): Promise<{ missing: string } | { numbers: string }> {
  const numbers: number[] = []
  for (const { link } of networksOf(spec)
    .standsOn?.(spec)
    ?.filter(({ ours }) => !ours) ?? []) {
    const there = await host.find('link', { name: link })
    if (!there) return { missing: link }
    numbers.push(there.index)
  }
  return { numbers: numbers.join() }
}

/**
 * Says what is lost. Of a network whose parent has gone or has come anew meanwhile, nothing is: the kernel took away
 * what was about to be given back. It is given back once the parent is there.
 */
async function judge(
  host: Host,
  there: ReadonlyMap<string, Standing>,
  lost: readonly Loss[],
  found: HealedNetworks,
): Promise<void> {
  for (const network of new Set(lost.map((one) => one.network))) {
    const stood = there.get(network ?? '')
    const ground = stood && (await groundOf(host, stood.spec))
    if (ground && 'missing' in ground) found.without.push({ network: stood.spec.name, parent: ground.missing })
    else if (ground && ground.numbers !== stood?.numbers) found.left = true
    else found.lost.push(...lost.filter((one) => one.network === network).map(({ sentence }) => sentence))
  }
}

/** Whether it was given something back; a sentence where it cannot be. */
async function restored(networks: Part['networks'], item: StoredNetwork): Promise<boolean | string> {
  try {
    return await networks.restore(item)
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    return `network ${item.record.name}: ${error.message}`
  }
}
