import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Operation } from '#lib/plan/operation.js'
import { END, wirePlan } from '#lib/plan/wire.js'
import { fromWords, readGolden, type Golden } from '../golden/format.js'
import { everyOperation } from '../helpers/every-operation.js'
import { readHeader, withoutSequence } from '../helpers/netlink.js'
import { legacyTable } from './legacy-table.js'

/** What the fuzzers of native/fuzz begin with: golden bytes, and messages that have once done harm. */
export function nativeSeeds(): Record<'answers' | 'datagrams' | 'elements' | 'firewalls' | 'news' | 'plan', Buffer[]> {
  const golden = [...readGolden().values()].flat()
  return {
    answers: [...golden.flatMap(answersIn), ...HANDMADE],
    datagrams: [
      [64, 1],
      [3, 0, 29, 0, 0, 0, 0, 0, 0, 0, 2, 0],
      [255, 2, 255, 255, 1, 0, 0, 0, 0, 0, 10, 0],
    ].map((bytes) => Buffer.from(bytes)),
    elements: golden.flatMap(elementsIn),
    firewalls: [...golden.flatMap(firewallsIn), ...FIREWALLS],
    news: [...golden.flatMap(newsIn), ...NEWS],
    plan: [
      ...golden.flatMap(({ operation }) => (operation.op === 'connection.delete' ? [] : [[operation]])),
      ...(Object.values(everyOperation) as Operation[]).map((operation) => [operation]),
    ].map((plan) => Buffer.from(withoutCount(wirePlan(plan)))),
  }
}

/** native/fuzz/plan.cc counts the ends of fields itself. */
const withoutCount = (text: string): string => text.slice(text.indexOf(END) + 1)

/** @param folder - Gets a folder for each fuzzer, and a file for each seed. */
export function writeNativeSeeds(folder: string): void {
  for (const [name, seeds] of Object.entries(nativeSeeds())) {
    mkdirSync(join(folder, name), { recursive: true })
    for (const [n, seed] of seeds.entries()) writeFileSync(join(folder, name, `${n}`), seed)
  }
}

// In the order of native/fuzz/answers.cc.
const QUESTION = {
  links: 0,
  link: 1,
  addresses: 2,
  routes: 3,
  connections: 4,
  generation: 5,
  table: 6,
  chains: 7,
  echo: 8,
  batch: 9,
  transaction: 10,
  rules: 11,
  listeners: 12,
  sets: 13,
  partsOfRules: 14,
  partsOfElements: 15,
  fingerprints: 16,
  given: 17,
  ports: 18,
}
const NEWLINK = 16
const NEWADDR = 20
const NEWROUTE = 24
const SOCK_DIAG_BY_FAMILY = 20
const CONNTRACK = 1
const NF_TABLES = 10

const QUESTIONS_OF: Record<number, number[]> = {
  [NEWLINK]: [QUESTION.links, QUESTION.link, QUESTION.echo, QUESTION.ports],
  [NEWADDR]: [QUESTION.addresses],
  [NEWROUTE]: [QUESTION.routes, QUESTION.given],
  [(NF_TABLES << 8) | 0]: [QUESTION.table, QUESTION.fingerprints],
  [(NF_TABLES << 8) | 3]: [QUESTION.chains, QUESTION.fingerprints],
  [(NF_TABLES << 8) | 6]: [QUESTION.rules, QUESTION.partsOfRules, QUESTION.fingerprints],
  [(NF_TABLES << 8) | 9]: [QUESTION.sets, QUESTION.fingerprints],
  [(NF_TABLES << 8) | 12]: [QUESTION.partsOfElements],
}

/** What makes a thing is laid out as what tells of it. */
function answersIn({ ours, tool }: Golden): Buffer[] {
  return [...ours, ...tool].map(fromWords).flatMap((message) => {
    const { type } = readHeader(message)
    const questions = type >> 8 === CONNTRACK ? [QUESTION.connections] : (QUESTIONS_OF[type] ?? [])
    return questions.map((question) => Buffer.concat([Buffer.of(question), withoutSequence(message)]))
  })
}

// In the order of native/fuzz/elements.cc.
const KINDS = [
  'ipv4_addr',
  'ipv4_addr interval',
  'ipv6_addr interval',
  'ifname',
  'ifname . ether_addr . ipv4_addr',
  'ipv4_addr . ifname interval',
  'ipv6_addr . inet_proto . inet_service interval',
  'inet_proto . inet_service : ipv4_addr . inet_service',
  'ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service interval',
  'ipv6_addr : ipv6_addr',
]

function elementsIn({ operation, ours, tool }: Golden): Buffer[] {
  if (operation.op !== 'element.add') return []
  const { type, dataType, interval } = operation
  const kind = Math.max(0, KINDS.indexOf(`${type}${dataType ? ` : ${dataType}` : ''}${interval ? ' interval' : ''}`))
  return [...ours, ...tool].flatMap((message) =>
    [0, 1].map((how) => Buffer.concat([Buffer.of(kind, how), withoutSequence(fromWords(message))])),
  )
}

// In the order of native/fuzz/firewalls.cc.
const FIREWALL = { chains: 0, rules: 1, legacy4: 2, legacy6: 3 }

const FIREWALL_OF: Record<number, number> = {
  [(NF_TABLES << 8) | 3]: FIREWALL.chains,
  [(NF_TABLES << 8) | 6]: FIREWALL.rules,
}

const firewallsIn = ({ ours, tool }: Golden): Buffer[] =>
  [...ours, ...tool].map(fromWords).flatMap((message) => {
    const part = FIREWALL_OF[readHeader(message).type]
    return part === undefined ? [] : [Buffer.concat([Buffer.of(part), withoutSequence(message)])]
  })

/** native/fuzz/news.cc reads datagrams, each behind its length. */
function datagrams(...all: Buffer[]): Buffer {
  return Buffer.concat(
    all.flatMap((one) => {
      const length = Buffer.alloc(2)
      length.writeUInt16LE(one.length)
      return [length, one]
    }),
  )
}

const newsIn = ({ ours, tool }: Golden): Buffer[] =>
  [...ours, ...tool]
    .map(fromWords)
    .filter((one) => readHeader(one).type === NEWLINK)
    .map((one) => datagrams(withoutSequence(one)))

function message(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(16 + payload.length)
  header.writeUInt16LE(type, 4)
  header.writeUInt16LE(flags, 6)
  return Buffer.concat([header, payload])
}

function attribute(type: number, payload: Buffer, length = payload.length + 4): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt16LE(length)
  header.writeUInt16LE(type, 2)
  return Buffer.concat([header, payload, Buffer.alloc(-payload.length & 3)])
}

/** News of a link. @param family - 7 is that of bridges. */
function link(type: number, index: number, name: string, family = 0): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt8(family)
  header.writeInt32LE(index, 4)
  return message(type, 0, Buffer.concat([header, attribute(3, Buffer.from(`${name}\0`))]))
}

/** News of an entry of a bridge's table. By the bridge, the port and the MAC address of native/fuzz/news.cc. */
function entry(type: number, port: number, state: number, flags: number, bridge = 7): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt8(7)
  header.writeInt32LE(port, 4)
  header.writeUInt16LE(state, 8)
  header.writeUInt8(flags, 10)
  const number = Buffer.alloc(4)
  number.writeInt32LE(bridge)
  return message(type, 0, Buffer.concat([header, attribute(2, Buffer.of(2, 0, 0, 0, 0, 8)), attribute(9, number)]))
}

const DONE = message(3, 2, Buffer.alloc(4))

const DELLINK = 17
const NEWNEIGH = 28
const DELNEIGH = 29
const [NOARP, REACHABLE, STICKY] = [0x40, 2, 0x40]
/** By the names of native/fuzz/news.cc. */
const NEWS = [
  datagrams(link(NEWLINK, 5, 'fz0'), link(NEWLINK, 5, 'fz0'), link(DELLINK, 5, 'fz0')),
  datagrams(Buffer.concat([link(NEWLINK, 5, 'fz1'), link(DELLINK, 5, 'fz1'), link(NEWLINK, 6, 'fz1')])),
  datagrams(link(NEWLINK, 5, 'fz0'), link(DELLINK, 4, 'fz0'), link(DELLINK, 5, 'fz0', 7), Buffer.alloc(0)),
  datagrams(link(NEWLINK, -1, 'fz-as-long-as-1'), link(NEWLINK, 5, 'eth0'), link(NEWLINK, 5, '')),
  // Led to another port, learned, gone, of another bridge, and there again.
  datagrams(
    entry(NEWNEIGH, 9, NOARP, STICKY),
    entry(NEWNEIGH, 8, REACHABLE, 0),
    entry(DELNEIGH, 8, NOARP, STICKY),
    entry(NEWNEIGH, 8, NOARP, STICKY, 6),
    entry(NEWNEIGH, 8, NOARP, STICKY),
  ),
  ...[0, 3, 5, 0xffff].map((length) =>
    datagrams(message(NEWLINK, 0, Buffer.concat([Buffer.alloc(16), attribute(3, Buffer.from('fz0\0'), length)]))),
  ),
]

/** A rule as iptables-nft writes it: expressions that are iptables' own matches and targets. */
function ruleOf(...expressions: readonly (readonly [name: string, ...parts: Buffer[]])[]): Buffer {
  const list = expressions.map(([name, ...parts]) =>
    attribute(1, Buffer.concat([attribute(1, Buffer.from(`${name}\0`)), attribute(2, Buffer.concat(parts))])),
  )
  const parts = [
    attribute(1, Buffer.from('filter\0')),
    attribute(2, Buffer.from('FORWARD\0')),
    attribute(4, Buffer.concat(list)),
  ]
  return message((NF_TABLES << 8) | 6, 2, Buffer.concat([Buffer.of(2, 0, 0, 0), ...parts]))
}
const extension = (kind: string, name: string, revision: number, info: Buffer) =>
  [
    kind,
    attribute(1, Buffer.from(`${name}\0`)),
    attribute(2, Buffer.from([0, 0, 0, revision])),
    attribute(3, info),
  ] as const

const FIREWALLS = [
  Buffer.concat([
    Buffer.of(FIREWALL.rules),
    ruleOf(
      extension('match', 'conntrack', 3, Buffer.alloc(168)),
      extension('match', 'conntrack', 2, Buffer.alloc(156)),
      extension('match', 'state', 0, Buffer.alloc(4)),
      extension('match', 'tcp', 0, Buffer.alloc(12)),
      extension('match', 'udp', 0, Buffer.alloc(10)),
      extension('match', 'comment', 0, Buffer.alloc(256)),
      extension('target', 'REJECT', 0, Buffer.alloc(4)),
    ),
    DONE,
  ]),
  Buffer.concat([Buffer.of(FIREWALL.legacy4), legacyTable(4)]),
  Buffer.concat([Buffer.of(FIREWALL.legacy6), legacyTable(6)]),
]

const error = (code: number, attributes = Buffer.alloc(0)) => {
  const payload = Buffer.alloc(20)
  payload.writeInt32LE(code)
  payload.writeUInt32LE(36, 4)
  return message(2, attributes.length > 0 ? 0x300 : 0x100, Buffer.concat([payload, attributes]))
}

const EXPLAINED = Buffer.concat([
  attribute(1, Buffer.from('No such device\0')),
  attribute(2, Buffer.from([52, 0, 0, 0])),
])

const HANDMADE = [
  ...[0, -17, -1 << 31, 17].flatMap((code) =>
    [QUESTION.batch, QUESTION.transaction, QUESTION.echo].map((question) =>
      Buffer.concat([Buffer.of(question), error(code), error(code, EXPLAINED), DONE]),
    ),
  ),
  Buffer.concat([
    Buffer.of(QUESTION.generation),
    message((NF_TABLES << 8) | 15, 0, Buffer.concat([Buffer.alloc(4), attribute(1, Buffer.from([0, 0, 0, 7]))])),
  ]),
  // A socket that listens on [::]:80, and takes IPv6 alone.
  Buffer.concat([
    Buffer.of(QUESTION.listeners),
    message(
      SOCK_DIAG_BY_FAMILY,
      2,
      Buffer.concat([Buffer.from([10, 10, 0, 0, 0, 80]), Buffer.alloc(66), attribute(11, Buffer.of(1))]),
    ),
    DONE,
  ]),
  // An attribute that is shorter than what is in it, at the end of the buffer: what lay behind was read as an address.
  Buffer.concat([
    Buffer.of(QUESTION.addresses),
    message(
      NEWADDR,
      2,
      Buffer.concat([
        Buffer.from([10, 64, 0, 0, 1, 0, 0, 0]),
        attribute(99, Buffer.alloc(400)),
        attribute(1, Buffer.from('AAAA')),
      ]),
    ),
  ]),
  ...[0, 3, 5, 0xffff].map((length) =>
    Buffer.concat([
      Buffer.of(QUESTION.links),
      message(NEWLINK, 2, Buffer.concat([Buffer.alloc(16), attribute(3, Buffer.from('eth0'), length)])),
    ]),
  ),
]
