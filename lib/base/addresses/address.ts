import { familyOf, type IpFamily } from './ip.js'
import { ipaddr } from './ipaddr.js'
import { isIPv6 } from './is-address.js'
import { isIpv4, toNumber, toText } from './ipv4.js'

/** Addresses of both families, with ipaddr.js to read and write IPv6. */

/**
 * An IPv6 address of a sandbox or a bridge: no zone (`fe80::1%eth0` means something on one machine only), and not IPv4
 * in disguise (`::ffff:192.0.2.1` never stands in a packet of ours).
 */
export const isIpv6 = (text: string): boolean => isIPv6(text) && !text.includes('%') && !isMapped(text)

export const isIp = (text: string): boolean => isIpv4(text) || isIpv6(text)

/** Of a valid IPv6 address. */
const isMapped = (text: string): boolean => toValue(text) >> 32n === 0xffffn

/** Of a valid address: the number that its bits are. */
export function toValue(address: string): bigint {
  if (familyOf(address) === 4) return BigInt(toNumber(address))
  return ipaddr()
    .IPv6.parse(address)
    .parts.reduce((value, part) => (value << 16n) | BigInt(part), 0n)
}

/** The canonical text (RFC 5952) of an address. */
export function printAddress(family: IpFamily, value: bigint): string {
  if (family === 4) return toText(Number(value))
  return new (ipaddr().IPv6)(
    Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn)),
  ).toRFC5952String()
}

/**
 * The one text of an address that we keep and compare (RFC 5952); `undefined` for what is no address, see {@link isIp}.
 */
export const canonicalAddress = (text: string): string | undefined =>
  isIp(text) ? printAddress(familyOf(text), toValue(text)) : undefined
