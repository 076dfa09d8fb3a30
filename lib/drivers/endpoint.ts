import type { GatewayMode } from '../firewall/network-elements.js'
import type { IpFamily } from '../ipam/ip.js'
import { linkLocalOf, macOf, macOfId } from '../ipam/mac.js'
import type { NetworkSubnet } from '../ipam/network-subnet.js'
import { isDirect, type NetworkSpec } from '../network/spec.js'

/** An address of an endpoint, with what a route through it needs. */
export interface EndpointAddress {
  address: string
  prefix: number
  broadcast?: string
  /** None where the host stays out of the network, or the network is internal. */
  gateway?: string
  /** The bridge's own address, where the network's resolver listens. */
  resolver?: string
  mode: GatewayMode
  /** Published ports may be spoken to at this address, too. */
  direct?: true
}

/** What was asked for and is shown by inspect; the rest was chosen. */
export interface EndpointRequest {
  ip?: string
  ip6?: string
  mac?: string
  aliases?: readonly string[]
  gwPriority?: number
}

/**
 * An endpoint of a bridge network: what joins a sandbox to it. It says all that is needed to take it away, so that a
 * record of it outlives its network's.
 */
export interface BridgeEndpoint {
  /** 64 hex digits. */
  id: string
  network: string
  networkId: string
  bridge: string
  /** The network's own bridge, where `bridge` is a leaf of it. */
  leafOf?: string
  /** The end of the veth that is a port of the bridge. */
  hostLink: string
  /** The end inside the sandbox. */
  interface: string
  mac: string
  mtu: number
  addresses: Readonly<Partial<Record<IpFamily, EndpointAddress>>>
  /** Of an endpoint with IPv6. */
  linkLocal?: string
  internal: boolean
  icc: boolean
  asked: EndpointRequest
}

/**
 * Names that follow from the endpoint's id and addresses.
 *
 * @param leaf - The bridge that it is on, where that is not the network's own.
 * @param random - Its MAC is not to follow from its address: another endpoint has chosen that one.
 */
export function bridgeEndpoint(
  network: NetworkSpec,
  id: string,
  name: string,
  chosen: Readonly<Partial<Record<IpFamily, { address: string; subnet: NetworkSubnet }>>>,
  asked: EndpointRequest,
  leaf?: string,
  random = false,
): BridgeEndpoint {
  const mac = asked.mac ?? (chosen[4] && !random ? macOf(chosen[4].address) : macOfId(id))
  const addressOf = (family: IpFamily): Partial<Record<IpFamily, EndpointAddress>> => {
    const found = chosen[family]
    if (!found) return {}
    const { address, subnet } = found
    const { prefix, broadcast, gateway } = subnet
    return {
      [family]: {
        address,
        prefix,
        ...(broadcast === undefined ? {} : { broadcast }),
        ...(gateway === undefined || network.internal ? {} : { gateway }),
        ...(subnet.address === undefined ? {} : { resolver: subnet.address }),
        mode: network.families[family]?.mode ?? 'nat',
        ...(isDirect(network, family) ? { direct: true as const } : {}),
      },
    }
  }
  return {
    id,
    network: network.name,
    networkId: network.id,
    bridge: leaf ?? network.bridge,
    ...(leaf === undefined ? {} : { leafOf: network.bridge }),
    hostLink: `veth${id.slice(0, 11)}`,
    interface: name,
    mac,
    mtu: network.mtu,
    addresses: { ...addressOf(4), ...addressOf(6) },
    ...(chosen[6] ? { linkLocal: linkLocalOf(mac) } : {}),
    internal: network.internal,
    icc: network.icc,
    asked,
  }
}

/**
 * The first name that no endpoint of a sandbox has: `eth0`, `eth1`.
 *
 * @param others - Names that links of the sandbox's own have.
 */
export function freeInterface(
  prefix: string,
  endpoints: readonly BridgeEndpoint[],
  others?: ReadonlySet<string>,
): string {
  for (let number = 0; ; number++) {
    const name = `${prefix}${number}`
    if (!others?.has(name) && !endpoints.some((endpoint) => endpoint.interface === name)) return name
  }
}
