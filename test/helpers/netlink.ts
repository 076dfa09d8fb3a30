/**
 * Netlink messages as flat records, for comparing: `{ message: 'RTM_NEWLINK', 'IFLA_LINKINFO.IFLA_INFO_KIND': '"veth"'
 * }`. Attributes stand under their path, so their order plays no part; items of a list (a rule's expressions, a set's
 * elements) keep theirs, as numbers in the path. Sequence number and port of the sender are left out. Names and numbers
 * are those of linux/if_link.h, rtnetlink.h, netfilter/nf_tables.h and so on.
 */
export interface Decoded {
  fields: Record<string, string>
  /** Paths of nests that do not say that they are nests (NLA_F_NESTED). */
  unmarked: string[]
}

export interface Header {
  length: number
  type: number
  flags: number
}

/** The messages of a buffer. */
export function splitMessages(buffer: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let offset = 0; offset < buffer.length;) {
    const { length } = readHeader(buffer.subarray(offset))
    if (length < HEADER_BYTES || offset + length > buffer.length)
      throw new Error(`a message of ${length} bytes at ${offset} of ${buffer.length}`)
    messages.push(buffer.subarray(offset, offset + length))
    offset += align(length)
  }
  return messages
}

export function readHeader(message: Buffer): Header {
  return { length: message.readUInt32LE(0), type: message.readUInt16LE(4), flags: message.readUInt16LE(6) }
}

/** The same message with sequence number 0 from port 0. */
export function withoutSequence(message: Buffer): Buffer {
  const copy = Buffer.from(message)
  copy.fill(0, 8, HEADER_BYTES)
  return copy
}

export function decodeMessage(message: Buffer): Decoded {
  const { type, flags } = readHeader(message)
  const kind = kinds[type]
  if (!kind) throw new Error(`no message of type ${type} is known`)
  const out: Decoded = {
    fields: { message: kind.name, flags: flagNames(kind.name, flags) },
    unmarked: [],
  }
  readNest(message.subarray(HEADER_BYTES), kind.nest, '', out)
  return out
}

/**
 * Whether it changes something, as opposed to asking. `ip link` begins with an RTM_NEWLINK of zeros, to see whether the
 * kernel knows that message; nf_tables' begin and end of a transaction have the numbers of RTM_NEWLINK and RTM_DELLINK,
 * and a shorter header.
 */
export function isChange(message: Buffer): boolean {
  const kind = kinds[readHeader(message).type]
  const payload = message.subarray(HEADER_BYTES)
  return (
    kind !== undefined &&
    kind.name !== 'RTM_GETLINK' &&
    payload.length >= kind.nest.headerBytes &&
    payload.some((byte) => byte !== 0)
  )
}

const HEADER_BYTES = 16
const NLA_F_NESTED = 0x8000
const NLA_TYPE_MASK = 0x3fff

const align = (length: number) => (length + 3) & ~3

type Attribute = [name: string, nest?: Nest | ((siblings: Map<number, Buffer>) => Nest | undefined) | 'user data']

interface Nest {
  /** Fields of a fixed header before the attributes. */
  header?: readonly (readonly [name: string, bytes: number])[]
  headerBytes: number
  attributes: Record<number, Attribute>
  list?: boolean
}

function readNest(bytes: Buffer, nest: Nest, path: string, out: Decoded): void {
  const at = (name: string | number) => (path === '' ? `${name}` : `${path}.${name}`)
  let offset = 0
  for (const [name, length] of nest.header ?? []) {
    out.fields[at(name)] = `${bytes.readUIntLE(offset, length)}`
    offset += length
  }
  const found: { number: number; marked: boolean; payload: Buffer }[] = []
  while (offset + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(offset)
    const type = bytes.readUInt16LE(offset + 2)
    if (length < 4 || offset + length > bytes.length)
      throw new Error(`an attribute of ${length} bytes in ${at('')} at ${offset}`)
    found.push({
      number: type & NLA_TYPE_MASK,
      marked: (type & NLA_F_NESTED) !== 0,
      payload: bytes.subarray(offset + 4, offset + length),
    })
    offset += align(length)
  }
  if (found.length === 0 && path !== '' && !nest.header) out.fields[path] = '{}'
  const siblings = new Map(found.map(({ number, payload }) => [number, payload]))
  if (!nest.list && siblings.size < found.length)
    throw new Error(`an attribute stands twice in ${path || 'the message'}`)
  found.forEach(({ number, marked, payload }, index) => {
    const [name, how] = nest.attributes[nest.list ? 0 : number] ?? [`#${number}`]
    const where = nest.list ? at(index) : at(name)
    if (nest.list) out.fields[`${where}.type`] = `${number}`
    const inner = typeof how === 'function' ? how(siblings) : how
    if (inner === undefined) out.fields[where] = show(payload)
    else if (inner === 'user data') readUserData(payload, where, out)
    else {
      if (!marked) out.unmarked.push(where)
      readNest(payload, inner, where, out)
    }
  })
}

// nftables' own packing inside the attribute: a byte of type, a byte of length, value.
function readUserData(bytes: Buffer, path: string, out: Decoded): void {
  for (let offset = 0; offset < bytes.length;) {
    const length = bytes.readUInt8(offset + 1)
    out.fields[`${path}.${bytes.readUInt8(offset)}`] = show(bytes.subarray(offset + 2, offset + 2 + length))
    offset += 2 + length
  }
}

// Text where it is text, else hex.
function show(bytes: Buffer): string {
  const text = bytes.toString('latin1')
  return /^[\x20-\x7e]{2,}\0*$/.test(text) ? `"${text.replaceAll('\0', '\\0')}"` : bytes.toString('hex')
}

function flagNames(message: string, flags: number): string {
  const names: [number, string][] = [
    [0x1, 'NLM_F_REQUEST'],
    [0x4, 'NLM_F_ACK'],
    [0x8, 'NLM_F_ECHO'],
    ...(/NEW/.test(message)
      ? ([
          [0x100, 'NLM_F_REPLACE'],
          [0x200, 'NLM_F_EXCL'],
          [0x400, 'NLM_F_CREATE'],
          [0x800, 'NLM_F_APPEND'],
        ] as [number, string][])
      : []),
  ]
  const known = names.filter(([bit]) => flags & bit)
  const rest = known.reduce((left, [bit]) => left & ~bit, flags)
  return [...known.map(([, name]) => name), ...(rest ? [`0x${rest.toString(16)}`] : [])].join(' ')
}

// From here on: what nests where.

const names = (prefix: string, list: string): Record<number, Attribute> =>
  Object.fromEntries(list.split(' ').map((name, index) => [index + 1, [`${prefix}_${name}`] as Attribute]))

const plain = (attributes: Record<number, Attribute>): Nest => ({ attributes, headerBytes: 0 })
const listOf = (item: Nest): Nest => ({ attributes: { 0: ['item', item] }, headerBytes: 0, list: true })
const behind = (header: [string, number][], attributes: Record<number, Attribute>): Nest => ({
  header,
  headerBytes: header.reduce((sum, [, bytes]) => sum + bytes, 0),
  attributes,
})
const textOf = (bytes: Buffer | undefined) => bytes?.toString('latin1').replace(/\0.*$/s, '')

const ifinfomsg: [string, number][] = [
  ['family', 1],
  ['pad', 1],
  ['type', 2],
  ['index', 4],
  ['ifi_flags', 4],
  ['change', 4],
]
const link: Nest = behind(ifinfomsg, {
  ...names('IFLA', 'ADDRESS BROADCAST IFNAME MTU LINK QDISC STATS COST PRIORITY MASTER WIRELESS PROTINFO TXQLEN'),
  18: [
    'IFLA_LINKINFO',
    plain({
      ...names('IFLA_INFO', 'KIND DATA XSTATS SLAVE_KIND SLAVE_DATA'),
      2: ['IFLA_INFO_DATA', (siblings) => LINK_DATA[textOf(siblings.get(1)) ?? '']],
      5: [
        'IFLA_INFO_SLAVE_DATA',
        plain(names('IFLA_BRPORT', 'STATE PRIORITY COST MODE GUARD PROTECT FAST_LEAVE LEARNING')),
      ],
    }),
  ],
  20: ['IFLA_IFALIAS'],
  26: [
    'IFLA_AF_SPEC',
    plain({
      2: ['AF_INET', plain({ 1: ['IFLA_INET_CONF', plain({ 26: ['IPV4_DEVCONF_ROUTE_LOCALNET'] })] })],
      10: ['AF_INET6', plain({ 8: ['IFLA_INET6_ADDR_GEN_MODE'] })],
    }),
  ],
  27: ['IFLA_GROUP'],
  28: ['IFLA_NET_NS_FD'],
  29: ['IFLA_EXT_MASK'],
  31: ['IFLA_NUM_TX_QUEUES'],
  32: ['IFLA_NUM_RX_QUEUES'],
})

/** What is said of a link of each kind. */
const LINK_DATA: Record<string, Nest> = {
  veth: plain({ 1: ['VETH_INFO_PEER', () => link] }),
  macvlan: plain(names('IFLA_MACVLAN', 'MODE FLAGS')),
  ipvlan: plain(names('IFLA_IPVLAN', 'MODE FLAGS')),
  vlan: plain(names('IFLA_VLAN', 'ID FLAGS EGRESS_QOS INGRESS_QOS PROTOCOL')),
}

const address = behind(
  [
    ['family', 1],
    ['prefixlen', 1],
    ['ifa_flags', 1],
    ['scope', 1],
    ['index', 4],
  ],
  names('IFA', 'ADDRESS LOCAL LABEL BROADCAST ANYCAST CACHEINFO MULTICAST FLAGS'),
)
const route = behind(
  [
    ['family', 1],
    ['dst_len', 1],
    ['src_len', 1],
    ['tos', 1],
    ['table', 1],
    ['protocol', 1],
    ['scope', 1],
    ['type', 1],
    ['rtm_flags', 4],
  ],
  names(
    'RTA',
    'DST SRC IIF OIF GATEWAY PRIORITY PREFSRC METRICS MULTIPATH PROTOINFO FLOW CACHEINFO SESSION MP_ALGO TABLE',
  ),
)
const neighbor = behind(
  [
    ['family', 1],
    ['pad1', 1],
    ['pad2', 2],
    ['ifindex', 4],
    ['state', 2],
    ['ndm_flags', 1],
    ['type', 1],
  ],
  names('NDA', 'DST LLADDR CACHEINFO PROBES VLAN PORT VNI IFINDEX MASTER'),
)

const nfgenmsg: [string, number][] = [
  ['family', 1],
  ['version', 1],
  ['res_id', 2],
]

const data = plain({
  1: ['NFTA_DATA_VALUE'],
  2: ['NFTA_DATA_VERDICT', plain(names('NFTA_VERDICT', 'CODE CHAIN CHAIN_ID'))],
})
const expressions: Record<string, Nest> = {
  meta: plain(names('NFTA_META', 'DREG KEY SREG')),
  cmp: plain({ ...names('NFTA_CMP', 'SREG OP'), 3: ['NFTA_CMP_DATA', data] }),
  lookup: plain(names('NFTA_LOOKUP', 'SET SREG DREG SET_ID FLAGS')),
  immediate: plain({ 1: ['NFTA_IMMEDIATE_DREG'], 2: ['NFTA_IMMEDIATE_DATA', data] }),
  payload: plain(names('NFTA_PAYLOAD', 'DREG BASE OFFSET LEN SREG CSUM_TYPE CSUM_OFFSET CSUM_FLAGS')),
  bitwise: plain({
    ...names('NFTA_BITWISE', 'SREG DREG LEN MASK XOR OP DATA'),
    4: ['NFTA_BITWISE_MASK', data],
    5: ['NFTA_BITWISE_XOR', data],
  }),
  byteorder: plain(names('NFTA_BYTEORDER', 'SREG DREG OP LEN SIZE')),
  ct: plain(names('NFTA_CT', 'DREG KEY DIRECTION SREG')),
  fib: plain(names('NFTA_FIB', 'DREG RESULT FLAGS')),
  nat: plain(names('NFTA_NAT', 'TYPE FAMILY REG_ADDR_MIN REG_ADDR_MAX REG_PROTO_MIN REG_PROTO_MAX FLAGS')),
  reject: plain(names('NFTA_REJECT', 'TYPE ICMP_CODE')),
  masq: plain(names('NFTA_MASQ', 'FLAGS REG_PROTO_MIN REG_PROTO_MAX')),
  counter: plain(names('NFTA_COUNTER', 'BYTES PACKETS')),
}
const expression = plain({
  1: ['NFTA_EXPR_NAME'],
  2: [
    'NFTA_EXPR_DATA',
    (siblings) => {
      const name = textOf(siblings.get(1)) ?? ''
      const nest = expressions[name]
      if (!nest) throw new Error(`no expression "${name}" is known`)
      return nest
    },
  ],
})

const table = behind(nfgenmsg, {
  ...names('NFTA_TABLE', 'NAME FLAGS USE HANDLE PAD USERDATA OWNER'),
  6: ['NFTA_TABLE_USERDATA', 'user data'],
})
const chain = behind(nfgenmsg, {
  ...names('NFTA_CHAIN', 'TABLE HANDLE NAME HOOK POLICY USE TYPE COUNTERS PAD FLAGS ID USERDATA'),
  4: ['NFTA_CHAIN_HOOK', plain(names('NFTA_HOOK', 'HOOKNUM PRIORITY DEV DEVS'))],
  12: ['NFTA_CHAIN_USERDATA', 'user data'],
})
const rule = behind(nfgenmsg, {
  ...names('NFTA_RULE', 'TABLE CHAIN HANDLE EXPRESSIONS COMPAT POSITION USERDATA PAD ID POSITION_ID CHAIN_ID'),
  4: ['NFTA_RULE_EXPRESSIONS', listOf(expression)],
  7: ['NFTA_RULE_USERDATA', 'user data'],
})
const set = behind(nfgenmsg, {
  ...names(
    'NFTA_SET',
    'TABLE NAME FLAGS KEY_TYPE KEY_LEN DATA_TYPE DATA_LEN POLICY DESC ID TIMEOUT GC_INTERVAL USERDATA PAD OBJ_TYPE HANDLE EXPR EXPRESSIONS',
  ),
  9: [
    'NFTA_SET_DESC',
    plain({
      1: ['NFTA_SET_DESC_SIZE'],
      2: ['NFTA_SET_DESC_CONCAT', listOf(plain({ 1: ['NFTA_SET_FIELD_LEN'] }))],
    }),
  ],
  13: ['NFTA_SET_USERDATA', 'user data'],
  17: ['NFTA_SET_EXPR', expression],
})
const elements = behind(nfgenmsg, {
  ...names('NFTA_SET_ELEM_LIST', 'TABLE SET ELEMENTS SET_ID'),
  3: [
    'NFTA_SET_ELEM_LIST_ELEMENTS',
    listOf(
      plain({
        ...names('NFTA_SET_ELEM', 'KEY DATA FLAGS TIMEOUT EXPIRATION USERDATA EXPR PAD OBJREF KEY_END EXPRESSIONS'),
        1: ['NFTA_SET_ELEM_KEY', data],
        2: ['NFTA_SET_ELEM_DATA', data],
        6: ['NFTA_SET_ELEM_USERDATA', 'user data'],
        7: ['NFTA_SET_ELEM_EXPR', expression],
        10: ['NFTA_SET_ELEM_KEY_END', data],
      }),
    ),
  ],
})

const tuple = plain({
  1: ['CTA_TUPLE_IP', plain(names('CTA_IP', 'V4_SRC V4_DST V6_SRC V6_DST'))],
  2: ['CTA_TUPLE_PROTO', plain(names('CTA_PROTO', 'NUM SRC_PORT DST_PORT'))],
  3: ['CTA_TUPLE_ZONE'],
})
const connection = behind(nfgenmsg, {
  ...names('CTA', 'TUPLE_ORIG TUPLE_REPLY STATUS PROTOINFO HELP NAT_SRC TIMEOUT MARK'),
  1: ['CTA_TUPLE_ORIG', tuple],
  2: ['CTA_TUPLE_REPLY', tuple],
  12: ['CTA_ID'],
  18: ['CTA_ZONE'],
  24: ['CTA_SYNPROXY', plain(names('CTA_SYNPROXY', 'ISN ITS TSOFF'))],
})

const NFT = 0x0a00
const CONNTRACK = 0x0100
// Messages that we send.
const kinds: Record<number, { name: string; nest: Nest }> = {
  16: { name: 'RTM_NEWLINK', nest: link },
  17: { name: 'RTM_DELLINK', nest: link },
  18: { name: 'RTM_GETLINK', nest: link },
  19: { name: 'RTM_SETLINK', nest: link },
  20: { name: 'RTM_NEWADDR', nest: address },
  21: { name: 'RTM_DELADDR', nest: address },
  24: { name: 'RTM_NEWROUTE', nest: route },
  25: { name: 'RTM_DELROUTE', nest: route },
  28: { name: 'RTM_NEWNEIGH', nest: neighbor },
  29: { name: 'RTM_DELNEIGH', nest: neighbor },
  [NFT | 0]: { name: 'NFT_MSG_NEWTABLE', nest: table },
  [NFT | 2]: { name: 'NFT_MSG_DELTABLE', nest: table },
  [NFT | 3]: { name: 'NFT_MSG_NEWCHAIN', nest: chain },
  [NFT | 5]: { name: 'NFT_MSG_DELCHAIN', nest: chain },
  [NFT | 6]: { name: 'NFT_MSG_NEWRULE', nest: rule },
  [NFT | 8]: { name: 'NFT_MSG_DELRULE', nest: rule },
  [NFT | 9]: { name: 'NFT_MSG_NEWSET', nest: set },
  [NFT | 11]: { name: 'NFT_MSG_DELSET', nest: set },
  [NFT | 12]: { name: 'NFT_MSG_NEWSETELEM', nest: elements },
  [NFT | 14]: { name: 'NFT_MSG_DELSETELEM', nest: elements },
  [CONNTRACK | 2]: { name: 'IPCTNL_MSG_CT_DELETE', nest: connection },
}
