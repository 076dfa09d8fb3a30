import type { Encodable } from './format.js'

/** Why a field of our message may be another than the tool's. A difference without a reason is never captured. */
export interface Reason {
  of: readonly Encodable['op'][]
  /** The field's path, or its beginning or its end. */
  at: string
  why: string
}

const byName = ['link.set', 'link.delete'] as const

export const reasons: readonly Reason[] = [
  { of: byName, at: 'index', why: 'ip asks for the number first and sends it; we name the link in the same message and save the question' },
  { of: byName, at: 'IFLA_IFNAME', why: 'instead of the number' },
  {
    of: ['link.set'],
    at: 'IFLA_INFO_KIND',
    why: "ip writes its own word for the port of a bridge, which the kernel knows no link kind by and passes over",
  },
  { of: ['link.set'], at: 'IFLA_INFO_SLAVE_KIND', why: "the kernel's word for it, as its own dumps have it; it goes by the master and passes over this too" },
  { of: ['link.set'], at: 'IPV4_DEVCONF_ROUTE_LOCALNET', why: 'ip cannot set it: the command has a sysctl, which is no message' },
  { of: ['route.add', 'route.delete'], at: 'RTA_DST', why: 'ip -6 writes out the zeros of a default; a prefix of length 0 says it all' },
  {
    of: ['table.add'],
    at: 'flags',
    why: 'nft says CREATE of everything but tables, where the kernel implies it; a table is created whenever there is none, and EXCL refuses one that is there',
  },
  {
    of: ['set.add'],
    at: 'NFTA_SET_USERDATA.3',
    why: "nft's note of the expressions that a concatenated key was declared by (typeof): an empty list here, as it was declared by types",
  },
  { of: ['set.add'], at: 'NFTA_SET_USERDATA.4', why: 'the same note of the data of a map, empty too' },
  { of: ['set.add'], at: 'NFTA_SET_USERDATA.6', why: "nft's note that the map's data are no intervals: it is taken to be so where nothing is said" },
  {
    of: ['rule.add'],
    at: 'NFTA_LOOKUP_SET_ID',
    why: "nft's own count of sets: the kernel looks by name first, and by this number only for sets without a name of their own",
  },
  { of: ['rule.add'], at: 'NFTA_BITWISE_OP', why: 'NFT_BITWISE_BOOL, the default: this libnftnl writes it only when asked' },
  {
    of: ['element.add'],
    at: 'NFTA_SET_ELEM_LIST_SET_ID',
    why: "nft's own count of sets: the kernel looks by name first, and by this number only for sets without a name of their own",
  },
  { of: ['connection.delete'], at: 'CTA_ID', why: 'conntrack deletes whatever has the tuple by then; we, the very connection that was seen' },
  { of: ['connection.delete'], at: 'CTA_TUPLE_REPLY', why: 'conntrack sends back all that the dump told of the connection; the kernel finds it by the original tuple' },
  ...['CTA_STATUS', 'CTA_TIMEOUT', 'CTA_MARK', 'CTA_SYNPROXY', 'CTA_PROTOINFO'].map((at) => ({ of: ['connection.delete'] as const, at, why: 'part of the dump, too: not looked at' })),
]
