import { isHostLink } from '../base/link-name.js'
import * as sets from '../policy/sets.js'
import { deleteLinks } from '../drivers/removal-plans.js'
import { tryPlan, removeElementsIfThere, removeWhatIsThere } from '../claims/remove-if-there.js'
import { commentOf, type Owned } from '../claims/owned.js'
import { readOwner } from '../store/owner.js'
import type { Marks } from '../store/pool-marks.js'
import { isBusy, type StoredRecord } from '../store/records.js'
import type { DamagedRecords } from './damaged-records.js'
import { forgetAtOnce, forgetUnowned, isAddress, leftAddresses } from './forget-addresses.js'
import type { HealContext } from './context.js'
import { hostLinksOf } from './links-of.js'
import type { Sorted } from './sort-records.js'
import { collectSpares } from './spares.js'
import type { Snapshot } from './whole.js'

/**
 * Takes away what is of no sandbox that stays: links and elements, and at last the records of what is being ended.
 *
 * @param say - Told what was taken away.
 */
export async function collectLeftovers(
  context: Pick<HealContext, 'host' | 'networks'>,
  {
    first,
    again,
    marks,
    damagedRecords,
    ended,
    kept,
    known,
  }: Pick<Sorted, 'again' | 'kept' | 'known'> & {
    first: Snapshot
    marks: Marks
    damagedRecords: DamagedRecords
    ended: readonly StoredRecord[]
  },
  say: (what: string) => void,
): Promise<void> {
  const { host } = context
  const { owned, links } = first
  // Of what is ended, also what has come since the first look; of nothing else, as that may have its record since, too.
  const halves = new Set(ended.map(({ record }) => commentOf(record)))
  const theirLinks = new Set(ended.flatMap(({ record }) => hostLinksOf(record)))
  for (const link of again?.links.values() ?? []) if (theirLinks.has(link.name)) links.set(link.name, link)
  const drop = async (these: readonly Owned[]) => {
    for (const { set, element } of await removeElementsIfThere(host, these))
      say(`element ${element.key} of ${set.set}: its sandbox is gone, removed`)
  }
  for (const { owner, set, element } of owned) {
    const read = readOwner(owner)
    if (!read || (!damagedRecords.names.has(read.name) && !damagedRecords.hasId(read.shortId))) continue
    known.add(owner)
    if (set === sets.senders[4] || set === sets.senders[6]) known.add(element.key.split(' . ')[0] ?? '')
  }
  for (const { name } of links.values()) if (damagedRecords.hasId(name.slice('veth'.length))) known.add(name)
  // Before their addresses are free: what keeps a link may be a process of the sandbox.
  const spares = await collectSpares(
    host,
    marks,
    // Those that are ours are told by their group and their name.
    [...links.values()].filter(({ name, group }) => sets.isPortGroup(group) && isHostLink(name) && !known.has(name)),
  )
  spares.collected.forEach(say)
  const stray: string[] = []
  for (const { name } of spares.stray) {
    // While a record cannot be read, a link that no record names may be its sandbox's.
    if (damagedRecords.damaged.length > 0 && !theirLinks.has(name)) continue
    if (await host.find('link', { name })) stray.push(name)
  }
  await removeWhatIsThere(host, deleteLinks(stray))
  for (const name of stray) say(`link ${name}: its sandbox is gone, removed`)
  const ofHalves = [...owned, ...(again?.owned ?? [])].filter((one) => halves.has(one.owner))
  const others = [...owned].filter((one) => !known.has(one.owner) && !halves.has(one.owner))
  // What leads to an address goes before conntrack forgets that, or would have it learn anew.
  await drop([...ofHalves, ...others].filter((one) => !isAddress(one)))
  await forgetAtOnce(context, ofHalves)
  await drop(ofHalves.filter(isAddress))
  await drop(
    await forgetUnowned(context, [
      ...others.filter(isAddress),
      ...leftAddresses(
        kept.map(({ record }) => record).filter((record) => !isBusy(record)),
        owned,
      ),
    ]),
  )
  // Last: until then, others who open the host leave what was theirs alone, and its name is taken.
  for (const { path, text } of ended)
    await tryPlan(host, [
      { op: 'file.check', path, expected: text },
      { op: 'file.delete', path },
    ])
}
