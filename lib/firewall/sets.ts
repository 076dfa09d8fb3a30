import type { SetDefinition } from '../plan/operation.js'

/** The tables' name, in both families. */
export const TABLE = 'slipway'

const inet = (set: string, type: string, rest: Partial<SetDefinition> = {}): SetDefinition => ({
  family: 'inet',
  table: TABLE,
  set,
  type,
  ...rest,
})

/** Bridges of our networks. */
export const bridges = inet('bridges', 'ifname')
/** Bridges whose sandboxes may talk to each other through the inet hooks (docker's icc). */
export const icc = inet('icc', 'ifname . ifname')
/** Bridges whose traffic leaves the host under the host's address. */
export const masquerade = inet('masqueraded', 'ifname')
/** Subnet and bridge of each network: who comes from a network and goes back into it. */
export const sameNetwork4 = inet('same_network4', 'ipv4_addr . ifname', { interval: true })
/** Addresses in use. Adding one, exclusively, claims it. */
export const addresses4 = inet('addresses4', 'ipv4_addr')
/** Ports published on every address of the host. Adding one, exclusively, claims it. */
export const published4 = inet('published4', 'inet_proto . inet_service', {
  dataType: 'ipv4_addr . inet_service',
  counter: true,
})
/** Ports published on one address of the host. */
export const publishedAt4 = inet('published_at4', 'ipv4_addr . inet_proto . inet_service', {
  dataType: 'ipv4_addr . inet_service',
  counter: true,
})
/** Who may send through which bridge port: the anti-spoof entries. */
export const senders4: SetDefinition = {
  family: 'bridge',
  table: TABLE,
  set: 'senders4',
  type: 'ifname . ether_addr . ipv4_addr',
}

/** Interface group of our bridge ports ("sl"): what the rules of table `bridge slipway` look at. */
export const PORT_GROUP = 0x736c
