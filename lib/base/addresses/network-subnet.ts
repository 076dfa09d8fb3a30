import type { IpFamily } from './ip.js'

/** A subnet of a network, complete. All texts are canonical. */
export interface NetworkSubnet {
  family: IpFamily
  /** CIDR. */
  subnet: string
  /** Prefix length of the subnet. */
  prefix: number
  /** The bridge's own address; none where the host stays out of the network. */
  address?: string
  /** What endpoints take as default gateway, unless the network is internal. */
  gateway?: string
  /** Only of IPv4, and not of a network of two or one. */
  broadcast?: string
  /** Part of the subnet that addresses are drawn from, as CIDR. Default: all of it. */
  range?: string
  /** Addresses that are never given, by name. */
  aux: Readonly<Record<string, string>>
}
