import { AddressPool } from './address-pool.js'
import type { IpFamily } from './ip.js'
import { parseSubnet } from './subnet.js'

/**
 * How a network and the world reach each other, per family (docker's `com.docker.network.bridge.gateway_mode_ipv4` and
 * `_ipv6`).
 */
export type GatewayMode = 'nat' | 'nat-unprotected' | 'routed' | 'isolated'

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

/** The addresses that endpoints of a subnet may have. */
export function poolOf({ subnet, range, address, gateway, aux }: NetworkSubnet): AddressPool {
  const whole = parseSubnet(subnet)
  const part = parseSubnet(range ?? subnet)
  if (!whole || !part) throw new RangeError(`${subnet} with ${range} is no subnet`)
  return new AddressPool(
    whole,
    part,
    [address, gateway, ...Object.values(aux)].filter((reserved) => reserved !== undefined),
  )
}
