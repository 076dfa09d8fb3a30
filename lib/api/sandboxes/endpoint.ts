import { endpointsOf } from '../../drivers/index.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import { FAMILIES } from '../../store/network-spec.js'

/** An endpoint: what joins a sandbox to a network. */
export interface Endpoint {
  /** 64 hex digits. */
  id: string
  /** Name of the network. */
  network: string
  /** Name inside the sandbox: `eth0`. */
  interface: string
  /** Name of its other end on the host, empty where it has none there. */
  hostInterface: string
  /** `02:42:ac:11:00:02` */
  mac: string
  /** With prefix: `172.17.0.2/16`, then IPv6. */
  addresses: readonly string[]
  /** Of IPv4, or of IPv6 where there is no other; none in an internal network. */
  gateway?: string
  /** Of IPv6. */
  gateway6?: string
  /** Further names on that network. */
  aliases: readonly string[]
  /** The endpoint with the highest has the default route. Default: 0. */
  gwPriority: number
}

export function describeEndpoint(endpoint: StoredEndpoint): Endpoint {
  const { id, network, mac, addresses, asked } = endpoint
  const [hostLink = ''] = endpointsOf(endpoint).hostLinks(endpoint)
  const gateway = addresses[4]?.gateway ?? addresses[6]?.gateway
  const gateway6 = addresses[6]?.gateway
  return {
    id,
    network,
    interface: endpoint.interface,
    hostInterface: hostLink,
    mac,
    addresses: FAMILIES.flatMap((family) => {
      const found = addresses[family]
      return found ? [`${found.address}/${found.prefix}`] : []
    }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(gateway6 === undefined ? {} : { gateway6 }),
    aliases: asked.aliases ?? [],
    gwPriority: asked.gwPriority ?? 0,
  }
}
