import type { ChainAdd, Family, Operation, Plan, RuleAdd, SetDefinition, Statement } from '../plan/operation.js'
import * as sets from './sets.js'
import { TABLE } from './sets.js'

/**
 * The constant ruleset: written once, and never touched again. Afterwards only elements of sets and maps change.
 * The comments stand in the kernel too: `nft list ruleset` is the first thing that an operator looks at.
 */

/** Stands in the tables' comments. A table with another one was made by another version. */
export const RULESET_VERSION = 'slipway ruleset 1'

// Netfilter's usual priorities (nf_ip_hook_priorities).
const RAW = -300
const DSTNAT = -100
const FILTER = 0
const SRCNAT = 100

const accept: Statement = { verdict: 'accept' }
const drop: Statement = { verdict: 'drop' }
const counter: Statement = { counter: true }
const is = (selector: string, value: string): Statement => ({ match: [selector], operation: '==', value })
const isNot = (selector: string, value: string): Statement => ({ match: [selector], operation: '!=', value })
const any = (selector: string, bits: string): Statement => ({ match: [selector], operation: '&', value: bits })
const within = (selectors: string[], set: SetDefinition): Statement => ({ match: selectors, operation: 'in', value: set.set })
const outside = (selectors: string[], set: SetDefinition): Statement => ({ match: selectors, operation: 'not in', value: set.set })
const dnat = (selectors: string[], map: SetDefinition): Statement => ({ dnat: true, match: selectors, value: map.set })

const LOOPBACK = '127.0.0.0/8'

export function rulesetPlan(): Plan {
  return [...inetTable(), ...bridgeTable()]
}

function inetTable(): Operation[] {
  const published: [string, ...Statement[]][] = [
    ['a port of one host address', is('fib daddr type', 'local'), dnat(['ip daddr', 'meta l4proto', 'th dport'], sets.publishedAt4)],
    ['a port of every host address', is('fib daddr type', 'local'), dnat(['meta l4proto', 'th dport'], sets.published4)],
  ]
  return [
    { op: 'table.add', family: 'inet', table: TABLE, comment: RULESET_VERSION },
    set(sets.bridges, 'bridges of the networks'),
    set(sets.icc, 'bridges whose sandboxes may talk to each other'),
    set(sets.masquerade, 'bridges whose traffic leaves under the address of the host'),
    set(sets.sameNetwork4, 'subnet and bridge of each network'),
    set(sets.addresses4, 'addresses in use'),
    set(sets.published4, 'ports published on every host address'),
    set(sets.publishedAt4, 'ports published on one host address'),

    chain('inet', 'user', { comment: 'rules of your own come first: slipway never touches this chain' }),

    chain('inet', 'guard', { type: 'filter', hook: 'prerouting', priority: RAW }),
    ...rules('inet', 'guard', [
      ['a neighbour may not send to loopback', isNot('iifname', 'lo'), is('ip daddr', LOOPBACK), counter, drop],
      ['a neighbour may not come from loopback', isNot('iifname', 'lo'), is('ip saddr', LOOPBACK), counter, drop],
    ]),

    chain('inet', 'publish', { type: 'nat', hook: 'prerouting', priority: DSTNAT }),
    ...rules('inet', 'publish', published),

    chain('inet', 'publish_local', { type: 'nat', hook: 'output', priority: DSTNAT }),
    ...rules('inet', 'publish_local', published),

    chain('inet', 'leave', { type: 'nat', hook: 'postrouting', priority: SRCNAT }),
    ...rules('inet', 'leave', [
      ['back into the same network: the answer must come back here', any('ct status', 'dnat'), within(['ip saddr', 'oifname'], sets.sameNetwork4), { masquerade: true }],
      ['from 127.0.0.1 to a published port', within(['oifname'], sets.bridges), is('ip saddr', LOOPBACK), { masquerade: true }],
      ['to the world', within(['iifname'], sets.masquerade), outside(['oifname'], sets.bridges), { masquerade: true }],
    ]),

    chain('inet', 'forward', { type: 'filter', hook: 'forward', priority: FILTER }),
    ...rules('inet', 'forward', [
      ['', { verdict: 'jump user' }],
      ['what has begun may go on', any('ct state', 'established,related'), accept],
      ['a published port', any('ct status', 'dnat'), within(['oifname'], sets.bridges), accept],
      ['sandboxes of one network', within(['iifname', 'oifname'], sets.icc), accept],
      ['from a network to the world', within(['iifname'], sets.bridges), outside(['oifname'], sets.bridges), accept],
      ['nothing else gets into a network', within(['oifname'], sets.bridges), counter, drop],
    ]),
  ]
}

function bridgeTable(): Operation[] {
  return [
    { op: 'table.add', family: 'bridge', table: TABLE, comment: RULESET_VERSION },
    set(sets.senders4, 'who may send through which port'),
    chain('bridge', 'sender', { type: 'filter', hook: 'prerouting', priority: RAW }),
    ...rules('bridge', 'sender', [
      ['a port of somebody else', isNot('iifgroup', String(sets.PORT_GROUP)), accept],
      ['with its own MAC and address', is('ether type', 'ip'), within(['iifname', 'ether saddr', 'ip saddr'], sets.senders4), accept],
      [
        'and answers for nobody else',
        is('ether type', 'arp'),
        within(['iifname', 'ether saddr', 'arp saddr ip'], sets.senders4),
        within(['iifname', 'arp saddr ether', 'arp saddr ip'], sets.senders4),
        accept,
      ],
      ['not its own', counter, drop],
    ]),
  ]
}

const set = (definition: SetDefinition, comment: string): Operation => ({ op: 'set.add', ...definition, comment })

function chain(family: Family, name: string, rest: Omit<ChainAdd, 'op' | 'family' | 'table' | 'chain'>): ChainAdd {
  return { op: 'chain.add', family, table: TABLE, chain: name, ...rest, ...(rest.hook ? { policy: 'accept' } : {}) }
}

// Each rule is its comment, then its statements.
function rules(family: Family, name: string, list: [string, ...Statement[]][]): RuleAdd[] {
  return list.map(([comment, ...statements]) => ({
    op: 'rule.add',
    family,
    table: TABLE,
    chain: name,
    statements,
    ...(comment ? { comment } : {}),
  }))
}
