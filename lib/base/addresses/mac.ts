import { printAddress, toValue } from './address.js'
import { familyOf } from './ip.js'
import { toNumber } from './ipv4.js'

/**
 * Docker's old rule: 02:42 and the address, of an IPv6 address its last four bytes. An address that moves to another
 * sandbox keeps its MAC, so neighbours' caches stay right.
 */
export function macOf(address: string): string {
  const last = familyOf(address) === 4 ? toNumber(address) : Number(toValue(address) & 0xffffffffn)
  const hex = last.toString(16).padStart(8, '0')
  return `02:42:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6)}`
}

/** The link-local address that belongs to a MAC (RFC 4291, appendix A). */
export function linkLocalOf(mac: string): string {
  const bytes = BigInt(`0x${mac.replaceAll(':', '')}`)
  const universal = bytes ^ (2n << 40n)
  return printAddress(6, (0xfe80n << 112n) | ((universal >> 24n) << 40n) | (0xfffen << 24n) | (universal & 0xffffffn))
}

/** Of what has no IPv4 address: addresses of IPv6 may end alike. @param id - 64 random hex digits. */
export const macOfId = (id: string): string => ['02', '42', ...(id.slice(0, 8).match(/../g) ?? [])].join(':')
