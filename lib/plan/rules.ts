/** Operations on tables, chains, rules, sets and elements: nf_tables' part of a plan. */

export type Family = 'inet' | 'bridge'

/**
 * The transaction that this is in is refused (`ERESTART`) where another one has come after this generation of
 * nf_tables.
 */
export interface GenerationCheck {
  op: 'generation.check'
  generation: number
}

export interface TableAdd {
  op: 'table.add'
  family: Family
  table: string
  comment?: string
}

/** Its chains see packets again, where an administrator has made it dormant. */
export interface TableEnable {
  op: 'table.enable'
  family: Family
  table: string
  /** For one that has gone meanwhile: the kernel makes it then. */
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

/** Deletes its rules; the chain stays, and what jumps to it. */
export interface ChainFlush {
  op: 'chain.flush'
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
  /** Writes into the packet what stands elsewhere in it; says of it what the map `value` has for `match`. */
  | { set: string; match: readonly string[]; value?: string }
  /** What it begins with is told where a rule is made again. */
  | { counter: true; packets?: number; bytes?: number }
  | { masquerade: true }
  /** Refuses the packet at once: ICMP's "port unreachable" goes back. */
  | { reject: true }
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

/** A part of a table that is not ours, as the kernel has told it: what it says is not read. */
export interface PartCopy {
  op: 'part.copy'
  family: Family
  table: string
  kind: PartKind
  /** Of a rule, its chain's; of elements, their set's. */
  name: string
  /** Bytes of the kernel's, as hexadecimal digits. */
  attributes: string
}

export type PartKind = 'chain' | 'rule' | 'set' | 'element' | 'object' | 'flowtable'

/** Key and data as nft writes them: `tcp . 8080`, `172.17.0.2 . 80`. */
export interface Element {
  key: string
  data?: string
  comment?: string
  /** What its counter begins with, where the set has counters. */
  packets?: number
  bytes?: number
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
  /**
   * Only those that are there with the comment that is given here, looked at and deleted as of one moment: the others
   * are somebody else's by now. They stay, and what is not there is not missed. It is not undone.
   */
  ifCommented?: boolean
}
