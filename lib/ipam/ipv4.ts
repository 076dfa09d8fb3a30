import ipaddr from 'ipaddr.js'

/** IPv4 addresses as numbers, with ipaddr.js for the arithmetic of networks. */

/** An IPv4 network: first and last address as numbers. */
export interface Subnet {
  first: number
  last: number
  prefix: number
}

export { isIPv4 as isIpv4 } from 'node:net'

/** Of a valid address. On the way of every sandbox, so by hand: the library's parser takes as long as a system call. */
export function toNumber(address: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return ((a * 256 + b) * 256 + c) * 256 + d
}

export function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

/** Reads `172.17.0.0/16`; host bits are cut off. `undefined` when it is no IPv4 CIDR. */
export function parseSubnet(cidr: string): Subnet | undefined {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr)) return undefined
  const prefix = ipaddr.IPv4.parseCIDR(cidr)[1]
  return {
    first: toNumber(ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()),
    last: toNumber(ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString()),
    prefix,
  }
}

export const printSubnet = (subnet: Subnet): string => `${toText(subnet.first)}/${subnet.prefix}`

export const contains = (subnet: Subnet, address: number): boolean => address >= subnet.first && address <= subnet.last

export const overlap = (a: Subnet, b: Subnet): boolean => a.first <= b.last && b.first <= a.last
