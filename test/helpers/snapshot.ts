import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { enter } from '#lib/kernel/native.js'
import { readOwner } from '#lib/store/owner.js'
import { namesAreAnswered } from './names-threads.js'
import { eventually, execIn, ipJson, ipJsonOf, type Place, type World } from './world.js'

/** Everything that a call could leave behind, a line for each thing. */
export type Snapshot = Record<
  | 'links'
  | 'addresses'
  | 'routes'
  | 'rules'
  | 'sysctls'
  | 'ruleset'
  | 'elements'
  | 'namespaces'
  | 'files'
  | 'descriptors',
  string[]
>

/** Of a world, as a process sees it that has not made it. */
export type Looked = Pick<World, 'host' | 'stateDir' | 'prefix' | 'namespaces'>

export function snapshot(world: Looked): Snapshot {
  return { ...kernelState(world.host), ...ownState(world) }
}

const OWN: ReadonlySet<string> = new Set(['namespaces', 'files', 'descriptors'])

/** The part of it that is seen without a program. */
const ownState = (world: Looked) => ({
  namespaces: world.namespaces(),
  files: Object.entries(readFiles(world.stateDir)).map(([path, text]) => `${path}: ${text.replace(NAMESPACE, '')}`),
  descriptors: openDescriptors(),
})

/** Which namespace a sandbox has, its record says from the first change on, whatever is undone later. */
const NAMESPACE = /"namespace":\{[^}]*\},/

/** The part of it that is a namespace's. */
export function kernelState(place: Place) {
  // These tests look thousands of times, and each program that is started costs milliseconds.
  const [links = [], addresses = [], routes = [], rules = []] = ipJsonOf(place, ...LOOK)
  const routes6 = ipJson(place, '-6', 'route', 'show', 'table', 'all')
  const lines = (items: unknown[]) => items.map((item) => JSON.stringify(item))
  return {
    links: lines(lasting(links)),
    addresses: lines(addresses.map(({ ifname, addr_info }) => ({ ifname, addr_info }))),
    routes: lines([...routes, ...routes6].filter(isLastingRoute).map(({ flags: _, ...route }) => route)),
    rules: lines(rules),
    sysctls: sysctls(place),
    ...linesOf(ruleset(place)),
  }
}

const LOOK = ['link', 'address', 'route show table all', 'rule']

const sysctls = (place: Place): string[] =>
  enter(place.path, () => {
    const conf = '/proc/sys/net/ipv4/conf'
    const files = ['all', 'docker0'].flatMap((link) => {
      const folder = join(conf, link)
      return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
    })
    files.push('/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding')
    return files.flatMap((file) => readThere(file).map((text) => `${file} = ${text.trim()}`)).sort()
  })

type Sections = Record<string, string[]>

/** What differs, as lines with their section: `+ links …` is new, `- links …` is gone. */
export function difference(before: Sections, after: Sections): string[] {
  return Object.entries(before).flatMap(([section, old]) => {
    const now = after[section] ?? []
    const found = [
      ...now.filter((line) => !old.includes(line)).map((line) => `+ ${section} ${line}`),
      ...old.filter((line) => !now.includes(line)).map((line) => `- ${section} ${line}`),
    ]
    return found.length === 0 && now.join() !== old.join() ? [`~ ${section}: another order`] : found
  })
}

/**
 * A snapshot of what has come to rest: what the kernel does behind our back (IPv6's routes to what was just made), or a
 * removal, or a thread that closes what a plan has used, is over. It has been the same for three looks; as the kernel's
 * part takes programs to look at, the first of them is at the rest alone.
 */
export async function settled(world: Looked): Promise<Snapshot> {
  await namesAreAnswered()
  let own: Sections = ownState(world)
  let last: Snapshot | undefined
  for (let look = 0; look < 100; look++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    const before = own
    own = ownState(world)
    if (difference(before, own).length > 0) continue
    const all = snapshot(world)
    if (last && difference(last, all).length === 0 && (isAtRest(world, all) || look > 50)) return all
    last = all
  }
  return snapshot(world)
}

/** Whether sandboxes have claimed the addresses of their records alone: those that they had are given up later. */
const isAtRest = ({ prefix }: Looked, { elements, files }: Snapshot): boolean =>
  elements.every((line) => {
    const [, address = '', owner = ''] =
      /^inet (?:addresses|segments)[46] \{"key":"(?:\S+ \. )?([^" ]+)".*"comment":"(\S+) \(/.exec(line) ?? []
    return (
      !owner.startsWith(prefix) ||
      files.some((file) => file.includes(`/${owner}.json: `) && file.includes(`"${address}"`))
    )
  })

/** Asserts that all is as it was; what the kernel does behind our back may take a moment. */
export async function isAsBefore(t: ExecutionContext, world: World, before: Sections, message?: string): Promise<void> {
  const own = Object.fromEntries(Object.entries(before).filter(([section]) => OWN.has(section)))
  let found: string[] = []
  await eventually(() => {
    found = difference(own, ownState(world))
    // A look at the kernel takes programs.
    if (found.length === 0) found = difference(before, snapshot(world))
    return found.length === 0
  })
  t.deepEqual(found, [], message)
}

/** A snapshot without some sections. */
export function without(from: Snapshot, ...sections: (keyof Snapshot)[]): Sections {
  return Object.fromEntries(Object.entries(from).filter(([section]) => !sections.includes(section as keyof Snapshot)))
}

/**
 * `ip -d link`, without what changes by itself: clocks, whether a cable is felt, and what a bridge has learned of its
 * ports.
 */
function lasting(links: unknown[]): unknown[] {
  return JSON.parse(JSON.stringify(links), (key, value: unknown) => {
    if (key === 'flags') return (value as string[]).filter((flag) => flag !== 'LOWER_UP' && flag !== 'NO-CARRIER')
    return key === 'operstate' || key.endsWith('_timer') || key.startsWith('tso_max') ? undefined : value
  }) as unknown[]
}

/** Others come and go with the feeling for a cable. */
const isLastingRoute = ({ type }: { type?: unknown }): boolean => type !== 'multicast'

interface SetObject {
  family: string
  name: string
  elem?: unknown[]
}

/** The ruleset of a place, what is constant and what are elements: a line for each thing. */
export const rulesetLines = (place: Place): Pick<Snapshot, 'ruleset' | 'elements'> => linesOf(ruleset(place))

function linesOf({ constant, elements }: Ruleset): Pick<Snapshot, 'ruleset' | 'elements'> {
  return {
    ruleset: constant.map((item) => JSON.stringify(item)),
    elements: Object.entries(elements).flatMap(([set, list]) =>
      list.map((element) => `${set} ${JSON.stringify(element)}`),
    ),
  }
}

/** What is constant, and the elements of sets and maps. */
interface Ruleset {
  constant: object[]
  elements: Record<string, Element[]>
}

const ruleset = (place: Place): Ruleset => readRuleset(execIn(place, 'nft', '-j', 'list', 'ruleset'))

/** `nft -j list ruleset` without handles and counts. */
function readRuleset(text: string): Ruleset {
  const { nftables } = JSON.parse(text, (key, value: unknown) =>
    key === 'handle' ? undefined : key === 'counter' ? null : value,
  ) as { nftables: Record<string, SetObject>[] }
  const elements: Record<string, Element[]> = {}
  for (const set of nftables.flatMap((object) => object['set'] ?? object['map'] ?? [])) {
    // A zone follows from an id, which is drawn by lot.
    const zoned = (element: Element) => (/^(zones|errors)/.test(set.name) ? { ...element, data: 'ZONE' } : element)
    elements[`${set.family} ${set.name}`] = (set.elem ?? [])
      .map(readElement)
      .map(zoned)
      .sort((a, b) => (a.key < b.key ? -1 : 1))
    delete set.elem
  }
  return { constant: nftables.filter((object) => !('metainfo' in object)), elements }
}

/** Those of all sets and maps, by family and name. */
export const allElements = (place: Place): Record<string, Element[]> => ruleset(place).elements

/** Elements of a set or map of `table inet slipway`, or of another family's. */
export function elements(place: Place, set: string, family = 'inet'): Element[] {
  const found = ruleset(place).elements[`${family} ${set}`]
  if (!found) throw new Error(`there is no set ${family} ${set}`)
  return found
}

/** An element as nft writes it: `tcp . 8080 : 172.17.0.2 . 80`. */
export interface Element {
  key: string
  data?: string
  comment?: string
}

/** Whether an element belongs to a sandbox, and not to a network. */
export const isOfSandbox = ({ comment = '' }: Element): boolean => readOwner(comment) !== undefined

// A set has keys, a map has pairs; either key is bare, or stands in { elem: { val, comment, counter } }.
function readElement(item: unknown): Element {
  const [key, data] = Array.isArray(item) ? (item as unknown[]) : [item]
  const { elem } = key as { elem?: { val: unknown; comment?: string } }
  return {
    key: readValue(elem ? elem.val : key),
    ...(data === undefined ? {} : { data: readValue(data) }),
    ...(elem?.comment === undefined ? {} : { comment: elem.comment }),
  }
}

function readValue(value: unknown): string {
  if (typeof value !== 'object') return String(value)
  const { concat, prefix } = value as { concat?: unknown[]; prefix?: { addr: string; len: number } }
  if (concat) return concat.map(readValue).join(' . ')
  return prefix ? `${prefix.addr}/${prefix.len}` : JSON.stringify(value)
}

/**
 * Every file of a folder with its text. Folders are none: they hold nobody's name. Nor is the room that a folder keeps
 * for itself.
 */
export function readFiles(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== '.reserve',
  )
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .flatMap((path) => readThere(path).map((text) => [path, text])),
  )
}

/** Nothing for a file that has gone since its folder was read: a removal may be on its way. */
function readThere(path: string): string[] {
  try {
    return [readFileSync(path, 'utf8')]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** What listens for settings of a bridge has two, from a moment after that is made on. */
const OF_SETTINGS = /^\/proc\/sys\/net\/ipv[46]\/conf\//

/** Open descriptors of this process, counted by what they are. */
export function openDescriptors(): string[] {
  const kinds: Record<string, number> = {}
  for (const fd of readdirSync('/proc/self/fd')) {
    let target: string
    try {
      target = readlinkSync(join('/proc/self/fd', fd))
    } catch {
      continue // the one that reads the folder
    }
    if (OF_SETTINGS.test(target)) continue
    const kind = target.replace(/\d+/g, 'N')
    kinds[kind] = (kinds[kind] ?? 0) + 1
  }
  return Object.entries(kinds)
    .map(([kind, count]) => `${count} ${kind}`)
    .sort()
}

/** Without what an attempt to take a spare sandbox uses up: a mount, a file that has no name yet, a socket. */
export const descriptorsBesidePrepared = (): string[] =>
  openDescriptors().filter((line) => !/ (\/|.* \(deleted\)|socket:\[N\])$/.test(line))

/**
 * The open descriptors that are no sockets: what a plan's thread has not closed yet (namespaces, and what makes room
 * for more descriptors) is among them, and ports that are held are not.
 */
export const descriptorsBesideSockets = (): string[] =>
  openDescriptors().filter((line) => !line.endsWith(' socket:[N]'))
