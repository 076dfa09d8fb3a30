import type {
  NetnsCreate,
  NetnsBind,
  NetnsDelete,
  NetnsCheck,
  LinkCreate,
  LinkRename,
  LinkSet,
  LinkSettle,
  LinkCheck,
  LinkDelete,
  LinkDeleteGroup,
  AddressAdd,
  AddressDelete,
  RouteAdd,
  RouteDelete,
  NeighborAdd,
  NeighborAnnounce,
  NeighborDelete,
  FdbAdd,
} from './links.js'
import type {
  SysctlWrite,
  FileCreate,
  FileReplace,
  FileCheck,
  FileMark,
  FileDelete,
  PortHold,
  PortRelease,
  ConntrackFlush,
} from './host.js'
import type {
  GenerationCheck,
  TableAdd,
  TableEnable,
  TableDelete,
  ChainAdd,
  ChainDelete,
  ChainFlush,
  RuleAdd,
  SetAdd,
  SetDelete,
  PartCopy,
  ElementAdd,
  ElementDelete,
} from './rules.js'

export type * from './host.js'
export type * from './links.js'
export type * from './rules.js'

/**
 * The operations that a plan is made of: plain data, in the kernel's words. `native/plan/operation.h` is the same list
 * as C++ sees it. A `netns` is the path of a namespace, bound to a name (`/run/netns/app`) or a process's
 * (`/proc/4242/ns/net`); without one, the host's is meant. A path that is a bare name (`veth3f2a9c1d0b2`) is that of a
 * spare namespace: this executor alone knows it, by a descriptor, and it is gone when the process is. Addresses are
 * IPv4 or IPv6 unless said otherwise.
 */
export type Operation =
  | NetnsCreate
  | NetnsBind
  | NetnsDelete
  | NetnsCheck
  | LinkCreate
  | LinkSet
  | LinkRename
  | LinkSettle
  | LinkCheck
  | LinkDelete
  | LinkDeleteGroup
  | AddressAdd
  | AddressDelete
  | RouteAdd
  | RouteDelete
  | NeighborAdd
  | NeighborDelete
  | NeighborAnnounce
  | FdbAdd
  | SysctlWrite
  | FileCreate
  | FileReplace
  | FileCheck
  | FileMark
  | FileDelete
  | PortHold
  | PortRelease
  | ConntrackFlush
  | GenerationCheck
  | TableAdd
  | TableEnable
  | TableDelete
  | ChainAdd
  | ChainDelete
  | ChainFlush
  | RuleAdd
  | SetAdd
  | SetDelete
  | PartCopy
  | ElementAdd
  | ElementDelete

/** What is to be done, in order. Neighbouring nf_tables operations are one transaction. */
export type Plan = readonly Operation[]
