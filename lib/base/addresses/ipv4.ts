/** IPv4 addresses as numbers. */

export { isIPv4 as isIpv4 } from './is-address.js'

/** Of a valid address. On the way of every sandbox, so by hand: a library's parser takes as long as a system call. */
export function toNumber(address: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return ((a * 256 + b) * 256 + c) * 256 + d
}

export const toText = (address: number): string =>
  `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
