/** IPv4 addresses as numbers. */

export { isIPv4 as isIpv4 } from './is-address.js'

const DOT = 0x2e
const ZERO = 0x30

/**
 * Of a valid address. On the way of every sandbox, and several times, so by hand and without a list of texts: a
 * library's parser takes as long as a system call.
 */
export function toNumber(address: string): number {
  let value = 0
  let part = 0
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at)
    if (code === DOT) {
      value = value * 256 + part
      part = 0
    } else part = part * 10 + (code - ZERO)
  }
  return value * 256 + part
}

export const toText = (address: number): string =>
  `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
