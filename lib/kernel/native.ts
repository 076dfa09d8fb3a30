import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { SlipwayError } from '../base/errors.js'
import { fileURLToPath } from 'node:url'
import type { Namespace, PartCopy, Plan, SetDefinition } from '../plan/operation.js'
import { wirePlan } from '../plan/wire.js'
import type { SettingsRule } from './link-settings.js'

/** The addon, and everything it exports. No other file imports it. */

/** A refusal as the native side tells it. */
export interface NativeFailure {
  errno: number
  syscall: string
  message: string
  offset: number
}

export interface PlanFailure extends NativeFailure {
  /** Index of the refused operation, and of its element where it has several. */
  operation: number
  element: number
  notUndone: (NativeFailure & { operation: number })[]
}

export interface Outcome {
  /** When asked for, three numbers a phase: first operation, number of operations, microseconds. */
  phases?: Float64Array
  failure?: PlanFailure
  /** Of the namespace that the plan gave a path to. */
  device?: number
  inode?: number
  cookie?: string
}

export interface LinkInfo {
  index: number
  name: string
  kind: string
  alias: string
  address: string
  /** ifindex of the bridge, 0 for none. */
  master: number
  /** ifindex of what it is a part of: a macvlan's parent, a veth's other end. 0 for none. */
  link: number
  /** That one is in another namespace. */
  linkElsewhere: boolean
  group: number
  mtu: number
  /** Of a bridge, or a port of one: bits of {@link SETTING}. */
  settings: number
  up: boolean
  /** Of a veth: both ends are up. */
  carrier: boolean
  /** When they were asked for. */
  statistics?: LinkStatistics
}

/** What has gone through a link since it was made: received and sent, seen from this end. */
export interface LinkStatistics {
  /** Received since the interface was made. */
  rxBytes: number
  /** Sent since the interface was made. */
  txBytes: number
  /** Received. */
  rxPackets: number
  /** Sent. */
  txPackets: number
  /** Received and dropped, as no buffer was free or nobody wanted them. */
  rxDropped: number
  /** Dropped before they were sent. */
  txDropped: number
  /** Received, and damaged. */
  rxErrors: number
  /** Not sent for a fault. */
  txErrors: number
}

export interface AddressInfo {
  index: number
  address: string
  prefix: number
  broadcast: string
  /** It was not learned for a time, as from a router's advertisement. */
  permanent: boolean
}

export interface RouteInfo {
  index: number
  table: number
  /** Who has made it, by rtnetlink's number: 9 is a router's advertisement. */
  protocol: number
  destination: string
  gateway: string
}

export interface ElementInfo {
  key: string
  data: string
  comment: string
  packets: number
  bytes: number
  /** It holds for some packets, and for others not: a limit or the like is beside it. Of ours, none does. */
  conditional?: true
}

export interface ChainInfo {
  name: string
}

export interface RuleInfo {
  chain: string
  /** Empty where it has none. */
  comment: string
  /** Of its first counter; 0 where it has none. */
  packets: number
  bytes: number
}

/** What a table, chain, set or rule does to packets, as a number (`native/nft/fingerprint.h`). */
export interface Fingerprint {
  kind: 'table' | 'chain' | 'set' | 'rule'
  /** Of a rule, its chain's. */
  name: string
  /** Of a rule: one without is not among them. */
  comment: string
  number: number
}

/** Of a table, or of what a plan makes one of. */
export interface Fingerprints {
  /** Of all together: rules in the order of their chain, the rest in any order. */
  whole: number
  parts: Fingerprint[]
}

/** A part of a table in the kernel's own bytes, for {@link PartCopy}. Elements come many in one. */
export interface PartInfo extends Pick<PartCopy, 'kind' | 'name' | 'attributes'> {
  /** What has to be there for it: `set NAME`, `chain NAME`. */
  uses: string[]
}

/** A set or map of a table. A type that has no name here is empty. */
export type SetInfo = Omit<SetDefinition, 'family' | 'table'>

/** A chain of a firewall of the host, whoever wrote it. */
export interface FirewallChain {
  /** Of iptables' older half, and not of nf_tables. */
  legacy: boolean
  family: 'inet' | 'ip' | 'ip6' | 'bridge'
  table: string
  name: string
  /** Empty where packets come only from other chains. */
  hook: string
  policy: string
  priority: number
  /** How many packets the policy has decided about, where somebody counts. */
  packets?: number
}

/** A rule of one, as steps that `native/firewall/firewall.h` tells. */
export interface FirewallRule extends Pick<FirewallChain, 'legacy' | 'family' | 'table'> {
  chain: string
  /** Of nf_tables. */
  handle: number
  /** Empty where it has none. */
  comment: string
  steps: string[]
}

/** A socket of TCP or UDP that waits on a port for whoever comes. */
export interface Listener {
  /** `0.0.0.0` and `::` for all. */
  address: string
  /** Of IPv6: it takes nothing of IPv4. */
  ipv6Only: boolean
}

/** What {@link Addon.openSocket} makes. */
export interface SocketRequest {
  /** Default: TCP. */
  udp?: boolean
  ipv6?: boolean
  /** Default: false, IPv4 as well. */
  ipv6Only?: boolean
  /** With a zone or without. Default: it is not bound. */
  address?: string
  port?: number
  reuseAddress?: boolean
  /** Default: it does not listen. */
  backlog?: number
}

interface SetQuery {
  family: string
  table: string
  set: string
  type: string
  dataType?: string
}

/** What can be asked of the kernel, and what comes back. */
export interface Questions {
  links: { question: { netns?: string; statistics?: boolean }; answer: LinkInfo[] }
  /**
   * How many ports bridges of the host have, those without any left out: a fifth of the work of `links`, as the kernel
   * looks at all namespaces that it has numbered for each veth among those.
   */
  ports: { question: object; answer: { bridge: number; ports: number }[] }
  /** Links of another namespace whose other end, or parent, is a link of the host: of the executor's, and no other. */
  'links into the host': { question: { netns: string }; answer: LinkInfo[] }
  link: { question: { netns?: string; name: string; statistics?: boolean }; answer: LinkInfo }
  /**
   * To which port of a bridge frames to some MAC addresses go, whatever frames come to others. Asked by the number of
   * a port of it and the address, a line each; answered by numbers of ports, 0 where there is no such entry.
   */
  fdb: { question: { asked: string }; answer: string }
  /** Which of some links of the host are there; names, a line each. */
  present: { question: { names: string }; answer: string }
  /**
   * What a namespace lacks of what it was given: interfaces, a line each, with the addresses behind the name. The
   * answer has the same form: `eth0` is not there, `eth0 down` is, `eth0 10.0.0.2` has not that address. Nothing is
   * dumped.
   */
  lacking: { question: { netns: string; given: string }; answer: string }
  /** @property index - Of one link alone, by its number. */
  addresses: { question: { netns?: string; ipv6?: boolean; index?: number }; answer: AddressInfo[] }
  routes: { question: { netns?: string; ipv6?: boolean }; answer: RouteInfo[] }
  /** The comment of a table. */
  table: { question: { family: string; name: string }; answer: string }
  /** How many transactions nf_tables has seen. */
  generation: { question: object; answer: number }
  /** The chains of a table, none where there is no such table. */
  chains: { question: { family: string; name: string }; answer: ChainInfo[] }
  /** The rules of a table, those of a chain in their order. */
  rules: { question: { family: string; name: string }; answer: RuleInfo[] }
  /** The sets and maps of a table, none where there is no such table. */
  sets: { question: { family: string; name: string }; answer: SetInfo[] }
  /**
   * What a table is. @property kept - A chain whose rules are not looked at. @property parts - Whether parts are told,
   * too.
   */
  fingerprints: {
    question: { family: string; name: string; kept: string; parts?: boolean }
    answer: Fingerprints
  }
  /** The parts of one kind of a table. @property set - Of elements, the set that they are in. */
  parts: { question: { family: string; name: string; kind: PartCopy['kind']; set?: string }; answer: PartInfo[] }
  elements: { question: SetQuery; answer: ElementInfo[] }
  element: { question: SetQuery & { key: string }; answer: ElementInfo }
  /** Every chain and rule of the host's firewalls, ours too. */
  firewalls: { question: object; answer: { chains: FirewallChain[]; rules: FirewallRule[] } }
  sysctl: { question: { netns?: string; name: string }; answer: string }
  /** TCP sockets that listen on a port, or UDP sockets that are bound to it. */
  listeners: { question: { netns?: string; udp?: boolean; port: number }; answer: Listener[] }
}

/** One native thread with its sockets in one namespace. */
export interface NativeExecutor {
  /** Inode number of the namespace. */
  readonly identity: number
  /** How many host ports it holds, with a descriptor each. */
  readonly held: number
  /**
   * Whether nf_tables was changed since {@link watch}, other than by executors of this host: seen with a transaction of
   * theirs.
   */
  readonly moved: boolean
  /**
   * Each transaction says from now on that it is based on this generation, or on the one that a transaction of ours
   * before it has made.
   */
  watch(generation: number): void
  /** Whether it holds a host port: `tcp 0.0.0.0 8080`. */
  holds(port: string): boolean
  /**
   * A plan is about to come that makes a namespace: the thread, if it has nothing to do, makes one meanwhile. It is
   * gone after the next run or query, whether that wanted it or not.
   */
  prepare(): void
  /**
   * `plan` is the text of {@link wirePlan}. Nothing comes back from a plan that was done, unless `phases` are asked
   * for. `refuse` is for tests: the operation of this number is exchanged for one that the kernel refuses.
   *
   * @param onCallerThread - So many operations ({@link countOnCallerThread}) are done by this thread at once, if the
   * other one has been told to {@link prepare} and to do nothing else since. When one of them is refused, that is the
   * answer, and nothing is in flight.
   * @param later - When there is nothing else to do; it keeps neither the process nor this object alive, and close()
   * does not wait for it.
   */
  run(
    plan: string,
    phases: boolean,
    refuse: number | undefined,
    onCallerThread: number,
    later: boolean,
  ): Promise<Outcome | undefined> | Outcome
  /**
   * The same on this thread, before it returns, whatever is in the queue: a plan that {@link isShort} says it of. A
   * file that another process has locked is EWOULDBLOCK from flock, and the plan undone.
   */
  runNow(plan: string, phases: boolean, refuse?: number): Outcome | undefined
  /**
   * Several plans on this thread, before it returns: of each so many operations as `leads` says, with one transaction
   * for what all of them have for nf_tables. What is left of a plan goes to the executor's thread; its outcome is
   * promised.
   */
  runTogether(
    plans: readonly string[],
    hostRoutes: readonly number[],
    phases: boolean,
  ): (Outcome | undefined | Promise<Outcome | undefined>)[]
  query(question: object, later?: boolean): Promise<{ value: unknown } | { failure: NativeFailure }>
  close(): Promise<void>
}

/** A connection by its original direction; `protocol` is a number, as IP has it. */
export interface Connection {
  protocol: number
  source: string
  sourcePort: number
  destination: string
  destinationPort: number
  /** The kernel's number for it. */
  id: number
}

/** An operation as C++ has read it. For tests. */
export interface DescribedOperation {
  op: string
  channel: string
  onCallerThread: boolean
  /** Name of what takes it back, empty for none. */
  inverse: string
  /** Those that are not empty, zero or false. */
  fields: Record<string, unknown>
}

/** What can be listened for, and what is told of it; `native/js/news_wrap.h` draws it. */
export type About =
  /**
   * Links that are meant. Told are the names that are another link's by now, or no link's. Where the kernel had more to
   * say than there was room for, all that are meant.
   */
  | { about: 'links' }
  /** The host's forwarding as a whole. Told is `ipv4 0`; `ipv4` alone where news were lost. */
  | { about: 'forwarding' }
  /**
   * Bridges and their ports, and other links of networks, that were whole (up, on a bridge) and are not, or are
   * otherwise, by their groups. Told are
   * names; `bridge NAME` of one that is whole for the first time, or under another name, or has gone; `missed` where
   * news were lost.
   */
  | {
      about: 'own links'
      bridges: number
      segments: number
      ports: readonly number[]
      leaving: number
      rules: { bridge: SettingsRule; port: SettingsRule }
    }
  /** Settings of links that are meant, which others write under /proc/sys. Told are names of links. */
  | { about: 'settings'; names: readonly string[] }
  /**
   * What others do to the tables of this name, but for rules of one chain, and for elements that they add. Told is
   * `ruleset`, `element COMMENT`, `by NAME PID`; `missed` where news were lost.
   */
  | { about: 'ruleset'; table: string; kept: string }
  /**
   * Files that are deleted in folders. Told are their paths, and that of a folder that has gone; `missed` where there
   * was more than there was room for. A folder that is not there is not heard of.
   */
  | { about: 'removed files'; folders: readonly string[] }
  /** Rules and chains of whichever table, made, changed or deleted. Told is `rules`, once a second at most. */
  | { about: 'firewalls' }
  /** Mounts of this process's mount namespace. Told is `unbound` when others have unmounted one. From Linux 6.15 on. */
  | { about: 'unbound names' }

/** Listens. Keeps neither the process nor itself alive. */
export interface NativeNews {
  /**
   * The links that are meant from now on, by name; of settings, those that are meant, too. Returns the number of each;
   * 0 where there is none of that name.
   */
  mean(names: readonly string[]): Record<string, number>
  /**
   * Own links as they were found. Anew where news were lost.
   *
   * @param macs - By names of ports: the MAC address that each leads to.
   */
  know(links: readonly LinkInfo[], macs: Readonly<Record<string, string>>): void
  close(): void
}

/** Many datagrams of UDP sockets with one system call. Keeps neither the process nor itself alive. */
export interface NativeDatagrams {
  /** The socket is its own from here on, also where this throws. Returns its number. */
  add(fd: number): number
  /** Closes a socket, at once. */
  remove(socket: number): void
  /** Sends the first slots of the output, and returns how many were sent. Never waits: others are lost. */
  send(socket: number, count: number): number
}

interface Addon {
  /**
   * @param host - Path of the namespace, this process's own where it is left out; or an executor: then it is a further
   * thread in that one's namespace, which watches with it and is for {@link NativeExecutor.run} alone.
   */
  Executor: new (host?: string | NativeExecutor) => NativeExecutor
  /** @param changed - Is told what has come, whenever there is something. */
  News: new (host: NativeExecutor, changed: (news: string[]) => void, about: About) => NativeNews
  /**
   * @param input - Slots that datagrams come in; `native/host/datagrams.h` draws one.
   * @param output - Slots that datagrams are sent from.
   * @param heard - Is told of a socket for which so many slots of the input are filled, until it returns. Without
   * buffers nothing is read: it is told once when something has come.
   */
  Datagrams: new (
    input: Uint8Array | undefined,
    output: Uint8Array | undefined,
    heard: (socket: number, count: number) => void,
  ) => NativeDatagrams
  /**
   * @param namespace - The one that is meant.
   * @param not - Inode number of the one that is never meant: the host's.
   */
  enter<T>(path: string, work: () => T, namespace?: Namespace, not?: number): T
  /** Which network namespace a path leads to at this moment. Throws where it leads to none. */
  identify(path: string): Namespace
  /** A bound socket in the namespace that this thread is in; one of TCP listens. `fd` is the caller's to close. */
  bindSocket(
    protocol: 'tcp' | 'udp',
    address: string,
    port: number,
  ): { fd: number; failure?: undefined } | { fd?: undefined; failure: NativeFailure }
  /** A further descriptor of a socket, the caller's to close. */
  duplicateSocket(fd: number): { fd: number; failure?: undefined } | { fd?: undefined; failure: NativeFailure }
  /** A socket of the namespace that this thread is in; `fd` is the caller's to close. */
  openSocket(request: SocketRequest): { fd: number; failure?: undefined } | { fd?: undefined; failure: NativeFailure }
  /** No other socket may be bound to this one's port, even if it asks for it. Libuv allows it with sockets of UDP. */
  refuseReuse(fd: number): NativeFailure | undefined
  /** The address from which a packet to another would leave the namespace of this thread, where there is a way. */
  sourceFor(address: string): string | undefined
  /**
   * What a UDP socket takes: nothing from `refused`, and where `accepted` has any, from these alone. Networks or
   * addresses of the socket's own family.
   */
  filterSources(fd: number, refused: readonly string[], accepted: readonly string[]): NativeFailure | undefined
  /** Sends a datagram to a socket of unix(7), by its path or, behind `@`, its abstract name. Never waits. */
  sendLocal(address: string, text: string): NativeFailure | undefined
  /** A number that changes when something comes into a folder or goes out of it; 0 when there is no such folder. */
  folderStamp(path: string): number
  /**
   * What is in files of a folder, two items each: the text, or `null` for what is long, no regular file, or cannot be
   * read; and whether its owner may execute it. No link is followed.
   */
  smallFiles(folder: string, names: readonly string[]): (string | boolean | null)[]
  describePlan(plan: string, before: string): DescribedOperation[]
  encodePlan(plan: string, numbers: Record<string, number>): Buffer
  fingerprintPlan(plan: string): Fingerprints
  encodeConnectionDelete(tuple: Connection): Buffer
}

const require = createRequire(import.meta.url)

const buildsIn = (root: string): string[] => [
  `${root}build/Release/slipway.node`,
  `${root}prebuilds/linux-${process.arch}/slipway.glibc.node`,
]

/** Above dist/ or dist/cli/, which are what runs, or a test's single file. By its name it would take 1.5 ms longer. */
export function packageRoot(): string {
  const above = ['..', '../..'].map((path) => fileURLToPath(new URL(`${path}/`, import.meta.url)))
  const found = above.find((root) => existsSync(`${root}binding.gyp`))
  if (found !== undefined) return found
  try {
    return `${dirname(require.resolve('slipway/package.json'))}/`
  } catch {
    throw inOneSentence(
      'Slipway is part of a bundle, and its addon is not beside it. Leave it out of the bundle, and install it beside: "external", as in esbuild --external:slipway.',
    )
  }
}

function load(): Addon {
  const root = packageRoot()
  const other = otherBuild(root)
  if (other !== undefined) return require(other) as Addon
  const usual = buildsIn(root).find((path) => existsSync(path))
  try {
    if (usual !== undefined) return require(usual) as Addon
  } catch {
    // Not for this machine (musl): node-gyp-build looks for another, or says what is wrong. To ask it first would take
    // 2 ms.
  }
  try {
    const loadFrom = require('node-gyp-build') as (root: string) => Addon
    return loadFrom(root)
  } catch (error) {
    throw inOneSentence(withoutAddon(root, usual, error as Error))
  }
}

/** What is missing, as the package's install script says it. */
function withoutAddon(root: string, usual: string | undefined, { message }: Error): string {
  if (usual !== undefined)
    return `The addon of Slipway at ${usual} does not load (${message.split('\n')[0]}). Build it anew: npm rebuild slipway.`
  const { missingToCompile } = require(`${root}native/preflight.cjs`) as { missingToCompile(): string | undefined }
  const missing = missingToCompile()
  return missing === undefined
    ? 'The addon of Slipway was not built, as when npm runs no install scripts (--ignore-scripts). Build it: npm rebuild slipway.'
    : `Slipway: ${missing}. Then type: npm rebuild slipway.`
}

/** The import fails with this: where it was imported from, Node.js says; where we are, nobody wants to know. */
function inOneSentence(message: string): SlipwayError {
  const error = new SlipwayError('UNSUPPORTED', message)
  error.stack = `${error.name}: ${message}`
  return error
}

/**
 * For tests with sanitizers, SLIPWAY_ADDON is the path of another build of the addon. It lies within the package: a
 * process may have more rights than the user who sets its environment (setuid, file capabilities), and that one could
 * name any code. Who can write into the package needs no variable.
 */
function otherBuild(root: string): string | undefined {
  const given = process.env['SLIPWAY_ADDON']
  if (!given) return undefined
  try {
    const path = realpathSync(given)
    if (path.startsWith(`${realpathSync(root)}/`)) return path
  } catch {
    // There is none.
  }
  process.emitWarning(`SLIPWAY_ADDON is for tests, and names no build within ${root}: it is not loaded.`)
  return undefined
}

const addon = load()

export const {
  Executor,
  News,
  Datagrams,
  enter,
  identify,
  bindSocket,
  openSocket,
  refuseReuse,
  sourceFor,
  duplicateSocket,
  filterSources,
  sendLocal,
  folderStamp,
  smallFiles,
  encodeConnectionDelete,
} = addon

/** What a plan makes of one table. */
export const fingerprintPlan = (plan: Plan): Fingerprints => addon.fingerprintPlan(wirePlan(plan))

/** A plan as C++ reads it, where what was there before is this text (`native/plan/inverse.h`). For tests. */
export const describePlan = (plan: Plan, before: string): DescribedOperation[] =>
  addon.describePlan(wirePlan(plan), before)

/** The messages of a plan as bytes, with the kernel's numbers of links and namespaces given by name. For tests. */
export const encodePlan = (plan: Plan, numbers: Record<string, number>): Buffer =>
  addon.encodePlan(wirePlan(plan), numbers)
