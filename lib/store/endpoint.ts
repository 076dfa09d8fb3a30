import type { IpFamily } from '../base/addresses/ip.js'
import type { GatewayMode } from '../base/gateway-mode.js'

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
