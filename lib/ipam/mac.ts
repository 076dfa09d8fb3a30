import { printAddress, toValue } from './address.js'

/**
 * Docker's old rule: 02:42 and the address, of an IPv6 address its last four bytes. An address that moves to another
 * sandbox keeps its MAC, so neighbours' caches stay right.
 */
export function macOf(address: string): string {
  const last = Number(toValue(address) & 0xffffffffn)
  return `02:42:${[24, 16, 8, 0].map((shift) => ((last >>> shift) & 255).toString(16).padStart(2, '0')).join(':')}`
}

/** The link-local address that belongs to a MAC (RFC 4291, appendix A). */
export function linkLocalOf(mac: string): string {
  const bytes = BigInt(`0x${mac.replaceAll(':', '')}`)
  const universal = bytes ^ (2n << 40n)
  return printAddress(6, (0xfe80n << 112n) | ((universal >> 24n) << 40n) | (0xfffen << 24n) | (universal & 0xffffffn))
}

/** Of what has no IPv4 address: addresses of IPv6 may end alike. @param id - 64 random hex digits. */
export const macOfId = (id: string): string => ['02', '42', ...(id.slice(0, 8).match(/../g) ?? [])].join(':')
