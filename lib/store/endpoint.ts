import type { IpFamily } from '../base/addresses/ip.js'
import type { GatewayMode } from '../base/gateway-mode.js'

/** An address of an endpoint, with what a route through it needs. */
export interface EndpointAddress {
  address: string
  prefix: number
  broadcast?: string
  /** None where the host stays out of the network, or the network is internal. */
  gateway?: string
  /** An address of the host on the network, where the network's resolver listens. */
  resolver?: string
  /** How the world reaches it through the host; left out where the host is not between them. */
  mode?: GatewayMode
  /** All of the world is behind its link: the default route needs no gateway. */
  connected?: true
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
  interface?: string
  /** Left out where it may have the default route. */
  defaultRoute?: false
}

/**
 * An endpoint: what joins a sandbox to a network. It says all that is needed to take it away, so that a record of it
 * outlives its network's.
 */
export interface StoredEndpoint<Body = unknown> {
  /** 64 hex digits. */
  id: string
  network: string
  networkId: string
  /** Name of the network's driver, which alone reads the `body`. */
  driver: string
  /** Name of its link inside the sandbox. */
  interface: string
  mac: string
  mtu: number
  addresses: Readonly<Partial<Record<IpFamily, EndpointAddress>>>
  /** Of an endpoint with IPv6. */
  linkLocal?: string
  internal: boolean
  asked: EndpointRequest
  body: Body
}
