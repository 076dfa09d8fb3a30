import type { IpFamily } from '../base/addresses/ip.js'
import type { SetDefinition } from '../plan/operation.js'

/**
 * The sets and maps that the constant rules look things up in. What depends on the IP version is there once for each:
 * `published[4]` is the map `published4`.
 */

/** The tables' name, in both families. */
export const TABLE = 'slipway'

/** A set for each IP version. */
export type PerFamily = Readonly<Record<IpFamily, SetDefinition>>

const inet = (set: string, type: string, rest: Partial<SetDefinition> = {}): SetDefinition => ({
  family: 'inet',
  table: TABLE,
  set,
  type,
  ...rest,
})

const bridge = (set: string, type: string, rest: Partial<SetDefinition> = {}): SetDefinition => ({
  family: 'bridge',
  table: TABLE,
  set,
  type,
  ...rest,
})

// `addr` in a type is the address of the family.
function perFamily(
  make: (set: string, type: string, rest?: Partial<SetDefinition>) => SetDefinition,
  name: string,
  type: string,
  rest: Partial<SetDefinition> = {},
): PerFamily {
  const of = (family: IpFamily) => {
    const typed = (text: string) => text.replace(/\baddr\b/g, `ipv${family}_addr`)
    return make(`${name}${family}`, typed(type), {
      ...rest,
      ...(rest.dataType ? { dataType: typed(rest.dataType) } : {}),
    })
  }
  return { 4: of(4), 6: of(6) }
}

/** Bridges of our networks. */
export const bridges = inet('bridges', 'ifname')
/**
 * Pairs of bridges whose sandboxes may talk to each other through the inet hooks; docker's icc is a bridge with itself.
 */
export const icc = inet('icc', 'ifname . ifname')
/** Bridges that nothing passes into or out of. */
export const internal = inet('internal', 'ifname')
/** Interface of the host and bridge: what comes in there may speak to open ports directly. */
export const trusted = inet('trusted', 'ifname . ifname')

/** Bridges whose traffic leaves the host under an address of the host. */
export const masqueraded = perFamily(inet, 'masqueraded', 'ifname')
/** Which address that is, for those of them that do not leave it to the kernel. */
export const source = perFamily(inet, 'source', 'ifname', { dataType: 'addr' })
/** Subnet and bridge of each network: who comes from a network and goes back into it. */
export const sameNetwork = perFamily(inet, 'same_network', 'addr . ifname', { interval: true })
/** Bridges whose sandboxes the outside may speak to on every port (gateway mode nat-unprotected). */
export const unprotected = perFamily(inet, 'unprotected', 'ifname')
/** Bridges whose sandboxes the outside speaks to by their own addresses (gateway mode routed). */
export const routed = perFamily(inet, 'routed', 'ifname')

/**
 * A subnet, and the address of a sandbox that is in that subnet by another endpoint: it would answer a client there by
 * that endpoint, and not by the host, which has translated what the client asked.
 */
export const nearer = perFamily(inet, 'nearer', 'addr . addr', { interval: true })

/** Subnets in use. Adding one, exclusively, claims it: the kernel refuses one that overlaps another. */
export const subnets = perFamily(inet, 'subnets', 'addr', { interval: true })
/**
 * MAC addresses in use, by the own bridge of their network, or by the link whose segment they are on. Adding one,
 * exclusively, claims it.
 */
export const macs = inet('macs', 'ifname . ether_addr')
/** Addresses in use. Adding one, exclusively, claims it. */
export const addresses = perFamily(inet, 'addresses', 'addr')
/**
 * Addresses in use on the segment of a link of the host, whichever network they are of: another segment may have the
 * same. Adding one, exclusively, claims it.
 */
export const segments = perFamily(inet, 'segments', 'ifname . addr')
/** Ports published on every address of the host. Adding one, exclusively, claims it. */
export const published = perFamily(inet, 'published', 'inet_proto . inet_service', {
  dataType: 'addr . inet_service',
  counter: true,
})
/** Ports published on one address of the host. */
export const publishedAt = perFamily(inet, 'published_at', 'addr . inet_proto . inet_service', {
  dataType: 'addr . inet_service',
  counter: true,
})
/** Addresses of the host that belong to one sandbox, with every port of every protocol. */
export const whole = perFamily(inet, 'whole', 'addr', { dataType: 'addr' })
/**
 * The conntrack zone of what goes to a published port, beside each element of the maps above. Each target has its own:
 * once a port leads elsewhere, or nowhere, the next packet of a client begins a new connection, and what the old one
 * knew is not asked.
 */
export const zones = perFamily(inet, 'zones', 'inet_proto . inet_service', { dataType: 'ct_zone' })
/**
 * The keys of `zones` once more: a rule that asks first whether there is a zone has to ask a set. Linux 6.1 refuses to
 * look for a key in a map without taking what is there.
 */
export const zoned = perFamily(inet, 'zoned', 'inet_proto . inet_service')
export const zonesAt = perFamily(inet, 'zones_at', 'addr . inet_proto . inet_service', { dataType: 'ct_zone' })
export const zonesWhole = perFamily(inet, 'zones_whole', 'addr', { dataType: 'ct_zone' })
/**
 * The zones of UDP once more, for errors of ICMP about what the port has sent, which say its number in the packet that
 * they are about. (What nft reads there has the type of a plain number. A key may have no protocol then: nft has no
 * name for a number of 8 bits beside it that older ones know.)
 */
export const errors = perFamily(inet, 'errors', 'number', { dataType: 'ct_zone' })
export const errorsAt = perFamily(inet, 'errors_at', 'addr . number', { dataType: 'ct_zone' })
/** Ports of sandboxes that may be spoken to directly: in routed networks, and from trusted interfaces. */
export const open = perFamily(inet, 'open', 'addr . inet_proto . inet_service', { counter: true })
/** Ports published on every address of the host that not everybody may use. */
export const restricted = perFamily(inet, 'restricted', 'inet_proto . inet_service')
/** Ports published on one address of the host that not everybody may use. */
export const restrictedAt = perFamily(inet, 'restricted_at', 'addr . inet_proto . inet_service')
/**
 * And who may use them. Only what has been found in one of the two is looked for here: an interval set costs a packet
 * more.
 */
export const admitted = perFamily(inet, 'admitted', 'addr . inet_proto . inet_service . addr', { interval: true })

/** Who may send through which bridge port: the anti-spoof entries. */
export const senders = perFamily(bridge, 'senders', 'ifname . ether_addr . addr')
/** What a router may send through a port beside its own: a subnet that it is in by another endpoint. */
export const transit = perFamily(bridge, 'transit', 'ifname . ether_addr . addr', { interval: true })
/** MAC addresses of bridges whose sandboxes may not talk to each other: all that these may send to. */
export const gates = bridge('gates', 'ether_addr')

/** Interface group of our bridge ports ("sl"): what the rules of table `bridge slipway` look at. */
export const PORT_GROUP = 0x736c
/** The same for ports of bridges whose sandboxes may not talk to each other. */
export const SEPARATED_PORT_GROUP = 0x736d

/** Ports on their way out: whoever deletes links of ours deletes this group, so that those of all go together. */
export const LEAVING_GROUP = 0x736e

/**
 * Interface group that our bridges are made with: no bridge is deleted that has not been made so, whatever its alias
 * says.
 */
export const BRIDGE_GROUP = 0x736f

/** Links that macvlan and ipvlan networks have on the host: parents that we make, and the host's own beside them. */
export const SEGMENT_GROUP = 0x7370

/** Whether a link is a port of one of our bridges, or was, by its interface group. */
export const isPortGroup = (group: number): boolean =>
  group === PORT_GROUP || group === SEPARATED_PORT_GROUP || group === LEAVING_GROUP

/** Whether a set has the subnets that are claimed. */
export const isSubnets = ({ set }: Pick<SetDefinition, 'set'>): boolean =>
  set === subnets[4].set || set === subnets[6].set

/** Whether a set has what an endpoint claims on its network: its addresses and its MAC. */
export const isEndpointClaim = ({ set }: Pick<SetDefinition, 'set'>): boolean =>
  isAddressClaim({ set }) || set === macs.set

/** Whether a set has the addresses that endpoints claim. */
export const isAddressClaim = ({ set }: Pick<SetDefinition, 'set'>): boolean => ADDRESS_CLAIMS.has(set)
const ADDRESS_CLAIMS = new Set([addresses, segments].flatMap((sets) => [sets[4].set, sets[6].set]))

/** The address that an element of such a set claims. */
export const claimedAddress = (key: string): string => key.slice(key.lastIndexOf(' ') + 1)

const both = (definitions: PerFamily): SetDefinition[] => [definitions[4], definitions[6]]

/** Sets and maps that a published port may stand in, one of them for each port. */
export const portMaps: readonly SetDefinition[] = [published, publishedAt, whole].flatMap(both)
/**
 * Sets and maps that have an element beside each of one of those, unless it is of TCP: those of zones, and the one for
 * errors.
 */
const BESIDE = new Map(
  ([4, 6] as const).flatMap((family): [string, { zones: SetDefinition[]; errors: SetDefinition | undefined }][] => [
    [published[family].set, { zones: [zoned[family], zones[family]], errors: errors[family] }],
    [publishedAt[family].set, { zones: [zonesAt[family]], errors: errorsAt[family] }],
    [whole[family].set, { zones: [zonesWhole[family]], errors: undefined }],
  ]),
)
/** What may stand beside a published port, by the map that it is in and its key there: the set, and the key in that. */
export function besides({ set }: Pick<SetDefinition, 'set'>, key: string): [SetDefinition, string][] {
  const beside = BESIDE.get(set)
  if (!beside) throw new RangeError(`${set} is no map of ports`)
  return [
    ...beside.zones.map((set): [SetDefinition, string] => [set, key]),
    ...(beside.errors && UDP.test(key) ? [[beside.errors, key.replace(UDP, '')] as [SetDefinition, string]] : []),
  ]
}
const UDP = /\budp \. /
/** The published port that an element stands beside. */
export function portBeside(
  { set }: Pick<SetDefinition, 'set'>,
  key: string,
): { map: SetDefinition; key: string } | undefined {
  for (const map of portMaps) {
    for (const port of [key, key.replace(/\d+$/, 'udp . $&')]) {
      if (besides(map, port).some(([beside, its]) => beside.set === set && its === key)) return { map, key: port }
    }
  }
  return undefined
}
const BESIDES = [zoned, zones, zonesAt, zonesWhole, errors, errorsAt]
/** Every set and map of {@link besides}. */
export const besideMaps: readonly SetDefinition[] = BESIDES.flatMap(both)
/** Every set and map whose elements belong to sandboxes. */
export const ownedBySandboxes: readonly SetDefinition[] = [
  ...portMaps,
  macs,
  ...besideMaps,
  ...[addresses, segments, nearer, open, restricted, restrictedAt, admitted, senders, transit].flatMap(both),
]
