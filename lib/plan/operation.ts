/**
 * The operations that a plan is made of: plain data, in the kernel's words. `native/plan/operation.h` is the same
 * list as C++ sees it. A `netns` is the path of a namespace, bound to a name (`/run/netns/app`) or a process's
 * (`/proc/4242/ns/net`); without one, the host's is meant. Addresses are IPv4 or IPv6 unless said otherwise.
 */

export interface NetnsCreate {
  op: 'netns.create'
  path: string
}

/** A further name for a namespace: it stays until the last is deleted. */
export interface NetnsBind {
  op: 'netns.bind'
  path: string
  /** Path of the namespace, of whatever kind. */
  from: string
}

export interface NetnsDelete {
  op: 'netns.delete'
  path: string
}

export interface LinkCreate {
  op: 'link.create'
  netns?: string
  name: string
  kind: 'bridge' | 'veth'
  /** MAC address. */
  address?: string
  mtu?: number
  /** Name of the bridge that the link becomes a port of. */
  master?: string
  group?: number
  /** Transmit and receive queues, of both ends of a veth. */
  queues?: number
  /** The other end of a veth, born in its namespace. */
  peer?: { netns: string; name: string; address?: string }
}

/** Settings of a link that the same plan made, or that is in a namespace that it made. */
export interface LinkSet {
  op: 'link.set'
  netns?: string
  name: string
  /** Interface alias: a text for people and for whoever asks whose link this is. */
  alias?: string
  /** No IPv6 link-local address of the kernel's own making. */
  noIpv6Address?: boolean
  /**
   * No IPv6 at all, whoever gives it an address. Only a file in /proc/sys can say so, which costs a visit to the namespace;
   * where nobody but us gives addresses, `noIpv6Address` does as much for nothing.
   */
  ipv6?: false
  /** Bytes. */
  mtu?: number
  group?: number
  /** Bridge port: frames may leave by the port they came in. */
  hairpin?: boolean
  /** Bridge port: no frames from and to other isolated ports. */
  isolated?: boolean
  /** 127.0.0.0/8 may be routed through this link. */
  routeLocalnet?: boolean
  up?: boolean
}

/**
 * Asks for a link, which makes the kernel act at once on news of its carrier. Otherwise a bridge port may begin to forward
 * up to a second after its other end went up (linkwatch), and the first packets are lost.
 */
export interface LinkSettle {
  op: 'link.settle'
  netns?: string
  name: string
}

export interface LinkDelete {
  op: 'link.delete'
  netns?: string
  name: string
}

/** An IPv6 address is there at once: nobody waits for duplicate address detection of what was given. */
export interface AddressAdd {
  op: 'address.add'
  netns?: string
  link: string
  /** With prefix: `172.17.0.2/16`. */
  address: string
  /** IPv4 only. */
  broadcast?: string
}

export interface AddressDelete {
  op: 'address.delete'
  netns?: string
  link: string
  address: string
}

/** A route through a gateway, on a link, or both. */
interface Route {
  netns?: string
  /** `default` or CIDR. */
  destination: string
  /** Of IPv6 it may be a link-local one, with a link. */
  gateway?: string
  link?: string
  /** Which default is meant where no gateway tells: IPv4 or IPv6. Default: 4. */
  family?: 4 | 6
}

export interface RouteAdd extends Route {
  op: 'route.add'
}

export interface RouteDelete extends Route {
  op: 'route.delete'
}

export interface NeighborAdd {
  op: 'neighbor.add'
  netns?: string
  link: string
  address: string
  lladdr: string
}

export interface NeighborDelete {
  op: 'neighbor.delete'
  netns?: string
  link: string
  address: string
}

export interface SysctlWrite {
  op: 'sysctl.write'
  netns?: string
  /** `net.ipv4.ip_forward`, or with slashes where a part holds a dot. */
  key: string
  value: string
}

/** Refused with EEXIST when the path is taken: the path is a claim. */
export interface FileCreate {
  op: 'file.create'
  path: string
  content: string
}

/** Refused with ESTALE when the file does not hold `expected`. */
export interface FileReplace {
  op: 'file.replace'
  path: string
  content: string
  expected: string
}

/** Refused with ESTALE when the file does not hold `expected`, with ENOENT when there is none. */
export interface FileCheck {
  op: 'file.check'
  path: string
  expected: string
}

export interface FileDelete {
  op: 'file.delete'
  path: string
}

/** A port of a host address; `0.0.0.0` and `::` are every address of their family. */
interface HostPort {
  protocol: Protocol
  address: string
  port: number
}

/**
 * Keeps a host port from other processes: refused with EADDRINUSE when one has it. It is held until `port.release` or
 * until the executor is closed; a plan that is refused gives it back. Where the kernel lacks the protocol (SCTP is a
 * module), and past half of the descriptors that this process may have, a free port is not held.
 */
export interface PortHold extends HostPort {
  op: 'port.hold'
  /** A port that cannot be had is passed over. */
  optional?: boolean
}

/** Gives a held host port back, once the plan has succeeded. Nothing when it is not held by this executor. */
export interface PortRelease extends HostPort {
  op: 'port.release'
}

/**
 * Forgets connections to a host port: those that were sent on to `toAddress`:`toPort`, or, without these, those
 * that went to the host itself. Neighbouring ones share one look at the kernel's table.
 */
export interface ConntrackFlush {
  op: 'conntrack.flush'
  protocol: Protocol
  port: number
  /** Host address; any when left out. */
  address?: string
  toAddress?: string
  toPort?: number
  /** Which connections are meant where no address tells. Default: 4. */
  family?: 4 | 6
}

export type Protocol = 'tcp' | 'udp' | 'sctp'
export type Family = 'inet' | 'bridge'

export interface TableAdd {
  op: 'table.add'
  family: Family
  table: string
  comment?: string
}

export interface TableDelete {
  op: 'table.delete'
  family: Family
  table: string
}

export interface ChainAdd {
  op: 'chain.add'
  family: Family
  table: string
  chain: string
  comment?: string
  type?: 'filter' | 'nat'
  /** Without one it is a chain to jump to. */
  hook?: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  priority?: number
  policy?: 'accept' | 'drop'
}

export interface ChainDelete {
  op: 'chain.delete'
  family: Family
  table: string
  chain: string
}

/** One step of a rule. A rule reads left to right, as nft writes it. */
export type Statement =
  | { match: readonly string[]; operation: '==' | '!='; value: string }
  /** Any of the bits is set, or none. */
  | { match: readonly string[]; operation: '&' | '!&'; value: string }
  | { match: readonly string[]; operation: 'in' | 'not in'; value: string }
  /** To what the map `value` has for `match`: an address, or an address and a port. */
  | { nat: 'dnat' | 'snat'; family: 'ip' | 'ip6'; match: readonly string[]; value: string; port?: boolean }
  /** Writes into the packet what stands elsewhere in it. */
  | { set: string; match: readonly [string] }
  | { counter: true }
  | { masquerade: true }
  | { verdict: string }

export interface RuleAdd {
  op: 'rule.add'
  family: Family
  table: string
  chain: string
  statements: readonly Statement[]
  comment?: string
}

/** A set, or a map when it has a `dataType`. Types are nft's: `ipv4_addr . inet_service`. */
export interface SetDefinition {
  family: Family
  table: string
  set: string
  type: string
  dataType?: string
  interval?: boolean
  counter?: boolean
}

export interface SetAdd extends SetDefinition {
  op: 'set.add'
  comment?: string
}

export interface SetDelete {
  op: 'set.delete'
  family: Family
  table: string
  set: string
}

/** Key and data as nft writes them: `tcp . 8080`, `172.17.0.2 . 80`. */
export interface Element {
  key: string
  data?: string
  comment?: string
}

/** Exclusive: an element that exists is refused with EEXIST. */
export interface ElementAdd extends SetDefinition {
  op: 'element.add'
  elements: readonly Element[]
}

/** With data and comment, which deleting does not look at, it can be undone. */
export interface ElementDelete extends SetDefinition {
  op: 'element.delete'
  elements: readonly Element[]
}

export type Operation =
  | NetnsCreate
  | NetnsBind
  | NetnsDelete
  | LinkCreate
  | LinkSet
  | LinkSettle
  | LinkDelete
  | AddressAdd
  | AddressDelete
  | RouteAdd
  | RouteDelete
  | NeighborAdd
  | NeighborDelete
  | SysctlWrite
  | FileCreate
  | FileReplace
  | FileCheck
  | FileDelete
  | PortHold
  | PortRelease
  | ConntrackFlush
  | TableAdd
  | TableDelete
  | ChainAdd
  | ChainDelete
  | RuleAdd
  | SetAdd
  | SetDelete
  | ElementAdd
  | ElementDelete

/** What is to be done, in order. Neighbouring nf_tables operations are one transaction. */
export type Plan = readonly Operation[]
