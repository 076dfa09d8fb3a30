import { isIp, printAddress, toValue } from './address.js'
import { familyOf, type IpFamily } from './ip.js'

/**
 * An IP network. The arithmetic of both families is one, in bigint; the way of every sandbox goes through numbers in
 * AddressPool.
 */
export interface Subnet {
  family: IpFamily
  /** The network's own address. */
  first: bigint
  last: bigint
  prefix: number
}

/** Length of an address in bits. */
export const bitsOf = (family: IpFamily): 32 | 128 => (family === 4 ? 32 : 128)

/** The network of this prefix length that an address lies in. */
export function subnetAround(family: IpFamily, address: bigint, prefix: number): Subnet {
  const shift = BigInt(bitsOf(family) - prefix)
  const first = (address >> shift) << shift
  return { family, first, last: first + (1n << shift) - 1n, prefix }
}

/** Reads `172.17.0.0/16` or `fd00::/64`; host bits are cut off. `undefined` when it is no CIDR of a plain address. */
export function parseSubnet(cidr: string): Subnet | undefined {
  const [address = '', length = '', ...rest] = cidr.split('/')
  if (rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(length) || !isIp(address)) return undefined
  const family = familyOf(address)
  const prefix = Number(length)
  return prefix > bitsOf(family) ? undefined : subnetAround(family, toValue(address), prefix)
}

export const printSubnet = (subnet: Subnet): string => `${nth(subnet, 0)}/${subnet.prefix}`

/** The address so many after the network's own; of a negative index, so many from the end, as in `at()`. */
export const nth = (subnet: Subnet, index: number | bigint): string =>
  printAddress(subnet.family, (index < 0 ? subnet.last + 1n : subnet.first) + BigInt(index))

/** How many addresses it has. A power of two, so exact even where it exceeds what a number counts one by one. */
export const sizeOf = (subnet: Subnet): number => 2 ** (bitsOf(subnet.family) - subnet.prefix)

/** Whether a valid address of either family lies inside. */
export function contains(subnet: Subnet, address: string): boolean {
  if (familyOf(address) !== subnet.family) return false
  const value = toValue(address)
  return value >= subnet.first && value <= subnet.last
}

/** Whether all of `inner` lies in `outer`. */
export const covers = (outer: Subnet, inner: Subnet): boolean =>
  outer.family === inner.family && inner.first >= outer.first && inner.last <= outer.last

export const overlap = (a: Subnet, b: Subnet): boolean =>
  a.family === b.family && a.first <= b.last && b.first <= a.last

/**
 * Addresses of a subnet that no host may have: network and broadcast address, except in networks of two or one (RFC
 * 3021); the anycast address of the routers (RFC 4291, 2.6.1), where the kernel joins it too, so not in those (RFC
 * 6164).
 */
export function unusable(subnet: Subnet): string[] {
  if (sizeOf(subnet) <= 2) return []
  return subnet.family === 4 ? [nth(subnet, 0), nth(subnet, -1)] : [nth(subnet, 0)]
}
