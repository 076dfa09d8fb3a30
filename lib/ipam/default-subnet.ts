import { invalid, SlipwayError } from '../errors.js'
import { contains, overlap, parseSubnet, printSubnet, toNumber, toText, type Subnet } from './ipv4.js'

/** One of docker's default-address-pools: a block that is cut into subnets of one size. */
export interface AddressPoolSpec {
  /** CIDR, for example `172.17.0.0/12`. */
  base: string
  /** Prefix length of the subnets cut from it. */
  size: number
}

/**
 * Docker's own, in its order (moby, daemon/libnetwork/ipamutils). It writes the first three as single /16s because
 * 172.16.0.0/16 is left out.
 */
export const DEFAULT_POOLS: readonly AddressPoolSpec[] = [
  { base: '172.17.0.0/16', size: 16 },
  { base: '172.18.0.0/16', size: 16 },
  { base: '172.19.0.0/16', size: 16 },
  { base: '172.20.0.0/14', size: 16 },
  { base: '172.24.0.0/14', size: 16 },
  { base: '172.28.0.0/14', size: 16 },
  { base: '192.168.0.0/16', size: 20 },
]

/** Something on the host that an address range must not cover. */
export interface Occupied {
  subnet: Subnet
  /** What it is, for the error: `route 10.0.0.0/8`. */
  what: string
}

/** The first subnet of the pools that nothing on the host covers. A base with host bits starts there, as in docker. */
export function firstFreeSubnet(pools: readonly AddressPoolSpec[], occupied: readonly Occupied[]): Subnet {
  for (const pool of pools) {
    const base = parseSubnet(pool.base)
    if (!base) throw invalid(`defaultAddressPools: base "${pool.base}" is no IPv4 CIDR, as in { base: '172.17.0.0/12', size: 16 }.`)
    if (!Number.isInteger(pool.size) || pool.size < base.prefix || pool.size > 30) {
      throw invalid(`defaultAddressPools: size ${pool.size} of base ${pool.base} must be a prefix length from ${base.prefix} to 30.`)
    }
    const step = 2 ** (32 - pool.size)
    const start = toNumber(pool.base.split('/')[0] ?? '')
    for (let first = start - (start % step); first <= base.last; first += step) {
      const subnet = { first, last: first + step - 1, prefix: pool.size }
      if (!occupied.some((other) => overlap(other.subnet, subnet))) return subnet
    }
  }
  throw new SlipwayError(
    'EXHAUSTED',
    `No subnet of the default address pools is free: routes and addresses of the host cover ${pools.map((pool) => pool.base).join(', ')}. Give bip, or other defaultAddressPools.`,
  )
}

/** What the bridge itself is given, and what its endpoints are. */
export interface BridgeAddresses {
  subnet: Subnet
  /** The bridge's own address. */
  bridge: string
  /** Where endpoints' addresses are drawn from. */
  range: Subnet
  /** What endpoints take as default gateway. */
  gateway: string
}

/**
 * The addresses of the default bridge.
 *
 * @throws {SlipwayError} `CONFLICT` when the subnet asked for collides with something on the host.
 */
export function bridgeAddresses(
  options: { bip?: string; fixedCidr?: string; defaultGateway?: string; defaultAddressPools: readonly AddressPoolSpec[] },
  occupied: readonly Occupied[],
): BridgeAddresses {
  let subnet: Subnet
  let bridge: string
  if (options.bip) {
    const given = parseSubnet(options.bip)
    if (!given) throw invalid(`bip "${options.bip}" is no IPv4 address with prefix, as in '172.17.0.1/16'.`)
    subnet = given
    bridge = options.bip.split('/')[0] ?? ''
    if (given.prefix < 31 && [given.first, given.last].includes(toNumber(bridge))) {
      throw invalid(`bip ${options.bip}: ${bridge} is the network's own or its broadcast address. Give the bridge another, as in '${toText(given.first + 1)}/${given.prefix}'.`)
    }
    const clash = occupied.find((other) => overlap(other.subnet, given))
    if (clash) {
      throw new SlipwayError('CONFLICT', `The subnet ${printSubnet(given)} of bip collides with ${clash.what} on the host. Choose another, or leave bip out and a free one is taken.`)
    }
  } else {
    subnet = firstFreeSubnet(options.defaultAddressPools, occupied)
    bridge = toText(subnet.first + 1)
  }
  const range = options.fixedCidr ? parseSubnet(options.fixedCidr) : subnet
  if (!range || !contains(subnet, range.first) || !contains(subnet, range.last)) {
    throw invalid(`fixedCidr "${options.fixedCidr}" is no part of the bridge's subnet ${printSubnet(subnet)}.`)
  }
  const gateway = options.defaultGateway ?? bridge
  if (!contains(subnet, toNumber(gateway))) {
    throw invalid(`defaultGateway ${gateway} lies outside the bridge's subnet ${printSubnet(subnet)}.`)
  }
  return { subnet, bridge, range, gateway }
}
