import { HostState } from '../kernel/host-state.js'
import { Slices } from '../admission/slices.js'
import { missingRuleset } from '../claims/missing-ruleset.js'
import { SetContents, SingleElements, type Contents } from '../claims/set-contents.js'
import { networkDrivers, networksOf } from '../drivers/index.js'
import type { PredefinedNetwork, Seen } from '../drivers/networks-of.js'
import type { Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { isInTheMaking, readNetworkRecord, specOf, type StoredNetwork } from '../store/network-records.js'
import { readTexts } from '../store/folder.js'
import { readOwner } from '../store/owner.js'
import { isAtWork, isBusy, listRecords, readRecord, type SandboxRecord, type StoredRecord } from '../store/records.js'
import type { HealContext } from './context.js'
import { claimsOf } from './give-back.js'
import { lacksRuleset } from './lacks-ruleset.js'
import type { KnownRecords } from './known-records.js'
import type { LinkOwners } from './link-owners.js'
import { lostFiles, NO_FILES, type LostFiles } from './lost-files.js'
import { RULESET, type News } from './news.js'
import { misnamedLinks } from './network-links.js'
import { seeAgain, seeNetworks } from './seen.js'
import { bridgesOf, groundsOf, hostLinksOf, ownLinksOf } from './links-of.js'

/** What of Slipway's is damaged. */
export interface Damage {
  ruleset: boolean
  /** Names of networks. */
  networks: ReadonlySet<string>
  /** Names of sandboxes. */
  sandboxes: ReadonlySet<string>
  files: LostFiles
  /** News were lost: anything may be. */
  all: boolean
  /** Records of sandboxes, as far as they were read. */
  known: readonly StoredRecord[]
  /** Links of the host, where all were asked for. */
  links?: readonly LinkInfo[] | undefined
  /** Who has done it, as far as the kernel tells. */
  by: readonly string[]
}

/** What a look has found. */
export interface Judgement {
  /** Left out where nothing is damaged. */
  damage?: Damage
  /** A process makes or changes some of it at this moment: that is to be looked at again. */
  left: boolean
}

interface Damaged {
  names: ReadonlySet<string>
  left: boolean
}

const NONE: Damaged = { names: new Set(), left: false }

type Part = Pick<HealContext, 'host' | 'networks' | 'records' | 'settings'>

/** Up to so many sandboxes are asked for one by one; of more, all that there is is asked for at once. */
export const FEW = 16

/**
 * What is damaged of that which news are about. What other processes take away in the course of their work is not: its
 * sandbox or network is gone, or is to be without it.
 */
export async function damageOf(
  context: Part,
  news: News,
  owners: LinkOwners,
  records: KnownRecords,
): Promise<Judgement> {
  const files = await lostFiles(context, news, records)
  if (news.missed)
    return {
      left: files.left,
      damage: { ruleset: true, networks: new Set(), sandboxes: new Set(), files, all: true, known: [], by: [] },
    }
  const meant = await meantBy(context, news, owners)
  const ruleset = news.ruleset && (await lacksRuleset(context))
  const state = new HostState(context.host)
  const networks = meant.networks ? await damagedNetworks(context, state) : NONE
  const sandboxes = await damagedSandboxes(context, meant.sandboxes, state)
  const left = files.left || meant.left || networks.left || sandboxes.left
  const lost = files.sandboxes.length + files.networks.length + files.nameless.length
  if (!ruleset && networks.names.size + sandboxes.names.size + lost === 0) return { left }
  const known = meant.sandboxes
  // A bridge that sandboxes were on is looked for by their records alone.
  const named = new Set([...networks.names, ...sandboxes.grounds])
  const damage = {
    ruleset,
    networks: named,
    sandboxes: sandboxes.names,
    files,
    all: false,
    known,
    links: await state.knownLinks,
  }
  return { left, damage: { ...damage, by: whoHasDone(news, damage) } }
}

/** Other processes take away what is theirs meanwhile, and are none of those. */
function whoHasDone({ by }: News, { ruleset, networks, sandboxes }: Omit<Damage, 'by'>): string[] {
  const theirs = [...by].filter(([whose]) => {
    if (whose === RULESET) return ruleset || networks.size > 0
    const owner = readOwner(whose)
    return owner ? sandboxes.has(owner.name) : networks.size > 0
  })
  return [...new Set(theirs.flatMap(([, processes]) => [...processes]))]
}

/** All that is damaged, told of or not. @param items - Records of the sandboxes that are looked at. */
export async function lookForDamage(context: Part, items: readonly StoredRecord[]): Promise<Damage> {
  const state = new HostState(context.host)
  const records = items.map(({ record }) => record)
  const sandboxes = await damagedSandboxes(context, items, state)
  return {
    ruleset: (await missingRuleset(context.host)).length > 0,
    networks: new Set([...(await damagedNetworks(context, state, records)).names, ...sandboxes.grounds]),
    sandboxes: sandboxes.names,
    files: NO_FILES,
    all: false,
    known: items,
    by: [],
  }
}

/** Whose it may be. */
async function meantBy(
  context: Part,
  news: News,
  owners: LinkOwners,
): Promise<{ networks: boolean; sandboxes: StoredRecord[]; left: boolean }> {
  const names = new Set<string>()
  let networks = false
  for (const comment of news.owners) {
    const owner = readOwner(comment)
    if (owner) names.add(owner.name)
    else networks = true
  }
  const bridges = news.links.size > 0 ? await networkLinks(context) : new Set<string>()
  const others: string[] = []
  for (const link of news.links) {
    if (bridges.has(link)) networks = true
    else if (!owners.hasGone(link)) others.push(link)
  }
  if (others.length > 0) {
    const found = await owners.of(others)
    networks ||= found.networks
    for (const name of found.sandboxes) names.add(name)
  }
  const found = await read(context, names)
  // Who makes or changes one sees to what that needs, and to nothing else of it.
  const sandboxes = found.filter(({ record, marked }) => !isBusy(record) && (marked || !isAtWork(record)))
  return { networks, sandboxes, left: sandboxes.length < found.length }
}

async function read({ records }: Part, names: ReadonlySet<string>): Promise<StoredRecord[]> {
  if (names.size > FEW) return (await listRecords(records)).filter(({ record }) => names.has(record.name))
  const found: StoredRecord[] = []
  for (const name of names) {
    const item = await readRecord(records, name)
    if (item) found.push(item)
  }
  return found
}

/** Names of the links that are networks' own. */
async function networkLinks({ networks }: Part): Promise<ReadonlySet<string>> {
  const links = [...networks.predefined.values()].map(({ link }) => link)
  for (const item of await networks.list()) {
    const spec = specOf(item)
    links.push(...ownLinksOf(spec))
  }
  return new Set(links)
}

/**
 * @param known - Records of sandboxes, where all are known: they remember the network that every host has, where this
 *   process has not used it.
 */
async function damagedNetworks(context: Part, state: HostState, known?: readonly SandboxRecord[]): Promise<Damaged> {
  const { host, networks } = context
  const isUsed = [...networks.predefined.values()].every((one) => one.known() !== undefined)
  const all = async () => known ?? (await listRecords(context.records)).map(({ record }) => record)
  const records = known ?? (isUsed ? [] : await all())
  const first = await seeNetworks(host, records, state)
  const predefined: PredefinedNetwork[] = []
  for (const one of networks.predefined.values()) if (await isDamaged(one, first)) predefined.push(one)
  const stored: StoredNetwork[] = []
  for (const item of await networks.list()) if (!(await isWhole(item, first))) stored.push(item)
  const misnamed = (await misnamedLinks(context, first.links, all)).map(({ network }) => network)
  if (predefined.length + stored.length + misnamed.length === 0) return NONE
  const own = [...predefined.map(({ link }) => link), ...stored.flatMap((item) => ownLinksOf(specOf(item)))]
  const again = await seeAgain(host, first, own)
  const names = new Set(misnamed)
  let left = false
  for (const one of predefined) if (await isDamaged(one, again)) names.add(one.name)
  for (const item of stored) {
    if (await isWhole(item, again)) continue
    const { name } = item.record
    // It may have been made or removed since.
    const now = await readNetworkRecord(networks.records, name)
    if (isInTheMaking(item) || (now && now.text !== item.text)) left = true
    else if (now) names.add(name)
  }
  return { names, left }
}

const isDamaged = async (one: PredefinedNetwork, seen: Seen): Promise<boolean> =>
  ['some', 'all'].includes(await one.lacks(seen)) || (await one.isLost(seen))

async function isWhole(item: StoredNetwork, seen: Seen): Promise<boolean> {
  const spec = specOf(item)
  return networksOf(spec).isWhole(spec, seen)
}

interface DamagedSandboxes extends Damaged {
  /** Names of networks that lack a link that sandboxes' own are ports of. */
  grounds: ReadonlySet<string>
}

/**
 * Of a sandbox that was connected and disconnected meanwhile, the record is as it was before, and what was seen of it
 * is of the middle of that: a few are looked at again.
 */
async function damagedSandboxes(
  { host }: Part,
  meant: readonly StoredRecord[],
  state: HostState,
): Promise<DamagedSandboxes> {
  const first = await judgeSandboxes(host, meant, state)
  if (first.names.size === 0 || first.names.size > FEW) return first
  const doubtful = meant.filter(({ record }) => first.names.has(record.name))
  const again = await judgeSandboxes(host, doubtful, new HostState(host))
  return { ...again, left: first.left || again.left }
}

async function judgeSandboxes(host: Host, meant: readonly StoredRecord[], state: HostState): Promise<DamagedSandboxes> {
  const names = new Set<string>()
  const grounds = new Set<string>()
  let left = false
  if (meant.length === 0) return { ...NONE, grounds }
  const contents: Contents = meant.length > FEW ? new SetContents(host) : new SingleElements(host)
  const { off, links } = await offOf(host, meant, state)
  const damaged: StoredRecord[] = []
  const slices = new Slices()
  for (const item of meant) {
    const pause = slices.next()
    if (pause) await pause
    const { record } = item
    if (record.endpoints.some((endpoint) => off.has(endpoint)) || !(await contents.hold(claimsOf(record))))
      damaged.push(item)
  }
  // They may have been changed since they were read.
  const now = await readTexts(damaged)
  for (const { path, text, record } of damaged) {
    if (now.get(path) === text) {
      names.add(record.name)
      for (const { network, ground } of groundsOf(record)) if (!links.has(ground)) grounds.add(network)
    } else left ||= now.has(path)
  }
  return { names, left, grounds }
}

/** Endpoints whose links are not there, or not as they are to be; and the links by which that was judged. */
async function offOf(
  host: Host,
  meant: readonly StoredRecord[],
  state: HostState,
): Promise<{ off: ReadonlySet<StoredEndpoint>; links: ReadonlyMap<string, LinkInfo> }> {
  const links = new Map<string, LinkInfo>()
  if (meant.length > FEW) for (const link of await state.links()) links.set(link.name, link)
  else
    for (const name of new Set(meant.flatMap(({ record }) => [...hostLinksOf(record), ...bridgesOf(record)]))) {
      const link = await host.find('link', { name })
      if (link) links.set(name, link)
    }
  const endpoints = meant.flatMap(({ record }) => record.endpoints)
  const off = new Set<StoredEndpoint>()
  for (const { name, endpoints: of } of networkDrivers) {
    const its = endpoints.filter(({ driver }) => driver === name)
    for (const endpoint of (its.length > 0 && (await of.offOf?.(its, host, links))) || []) off.add(endpoint)
  }
  return { off, links }
}

/** So many are named. */
const NAMED = 5

/** What is damaged, for people: `Something of the network web, the sandboxes a, b was changed or deleted, by nft`. */
export function describeDamage({ ruleset, networks, sandboxes, files, all, by }: Damage): string {
  const several = (one: string, more: string, among: Iterable<string>) => {
    const names = new Set(among)
    if (names.size === 0) return []
    const shown = [...names].slice(0, NAMED).join(', ')
    const rest = names.size > NAMED ? ` and ${names.size - NAMED} more` : ''
    return [`the ${names.size > 1 ? more : one} ${shown}${rest}`]
  }
  const what = [
    ...(ruleset ? ['the ruleset'] : []),
    ...several('network', 'networks', networks),
    ...several('sandbox', 'sandboxes', sandboxes),
  ]
  if (all) return 'The kernel had more to tell than there was room for: anything may have been changed or deleted'
  const named = (items: readonly { record: { name: string } }[]) => items.map(({ record }) => record.name)
  const deleted = [
    ...several('record of the network', 'records of the networks', named(files.networks)),
    ...several('record of the sandbox', 'records of the sandboxes', named(files.sandboxes)),
    ...several('name of the namespace of', 'names of the namespaces of', named(files.nameless)),
  ]
  const who = by.length > 0 ? `, by ${by.join(', ')}` : ''
  const sentence = [
    ...(what.length > 0 ? [`something of ${what.join(', ')} was changed or deleted${who}`] : []),
    ...(deleted.length > 0 ? [`somebody has deleted ${deleted.join(', ')}`] : []),
  ].join('; ')
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`
}
