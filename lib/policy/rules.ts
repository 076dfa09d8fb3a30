import type { IpFamily } from '../base/addresses/ip.js'
import type { ChainAdd, Family, Operation, RuleAdd, SetDefinition, Statement } from '../plan/operation.js'
import { TABLE, type PerFamily } from './sets.js'

/** The vocabulary that the tables of the ruleset are written in. */

// Netfilter's usual priorities (nf_ip_hook_priorities).
export const RAW = -300
export const DSTNAT = -100
export const FILTER = 0
export const SRCNAT = 100

export const accept: Statement = { verdict: 'accept' }
export const drop: Statement = { verdict: 'drop' }
export const counter: Statement = { counter: true }
export const masquerade: Statement = { masquerade: true }
export const reject: Statement = { reject: true }
export const jump = (chain: string): Statement => ({ verdict: `jump ${chain}` })
/** Without a way back: what the chain leaves undecided, the hook's policy decides. */
export const goTo = (chain: string): Statement => ({ verdict: `goto ${chain}` })

export const is = (selector: string, value: string): Statement => ({ match: [selector], operation: '==', value })
export const isNot = (selector: string, value: string): Statement => ({ match: [selector], operation: '!=', value })
export const any = (selector: string, bits: string): Statement => ({ match: [selector], operation: '&', value: bits })
export const none = (selector: string, bits: string): Statement => ({ match: [selector], operation: '!&', value: bits })
export const within = (selectors: string[], set: SetDefinition): Statement => ({
  match: selectors,
  operation: 'in',
  value: set.set,
})
export const outside = (selectors: string[], set: SetDefinition): Statement => ({
  match: selectors,
  operation: 'not in',
  value: set.set,
})

/** How the packets of an IP version are told, and their header. */
export const isFamily = (family: IpFamily): Statement => is('meta nfproto', `ipv${family}`)
export const header = (family: IpFamily): 'ip' | 'ip6' => (family === 4 ? 'ip' : 'ip6')

/** A change of address, by a map of the packet's IP version; a port comes with it where the map's data has one. */
export function translate(nat: 'dnat' | 'snat', selectors: string[], family: IpFamily, maps: PerFamily): Statement {
  const { set, dataType = '' } = maps[family]
  return {
    nat,
    family: header(family),
    match: selectors,
    value: set,
    ...(dataType.endsWith('inet_service') ? { port: true } : {}),
  }
}

/** The conntrack zone that a packet's connection is looked for in, and is in if it is new, by a map. */
export const zone = (selectors: string[], map: SetDefinition): Statement => ({
  set: 'ct original zone',
  match: selectors,
  value: map.set,
})

export const set = (definition: SetDefinition, comment: string): Operation => ({
  op: 'set.add',
  ...definition,
  comment,
})
export const setPair = (definitions: PerFamily, comment: string): Operation[] => [
  set(definitions[4], comment),
  set(definitions[6], comment),
]

/** A chain and its rules, each its comment and then its statements. */
export function chain(
  family: Family,
  name: string,
  rest: Omit<ChainAdd, 'op' | 'family' | 'table' | 'chain' | 'policy'>,
  rules: readonly Rule[] = [],
): Operation[] {
  return [
    { op: 'chain.add', family, table: TABLE, chain: name, ...rest, ...(rest.hook ? { policy: 'accept' } : {}) },
    ...rules.map(([comment, ...statements]): RuleAdd => ({
      op: 'rule.add',
      family,
      table: TABLE,
      chain: name,
      statements,
      comment,
    })),
  ]
}

export type Rule = readonly [comment: string, ...Statement[]]

/** The same rule for each IP version. */
export const forBoth = (rule: (family: IpFamily) => Rule): Rule[] => [rule(4), rule(6)]
