/**
 * What is an address, as `isIPv4`, `isIPv6` and `isIP` of node:net have it. Loading that module and compiling its
 * expression for IPv6 takes 7 ms of a process that opens a host; the parser of URLs is there already.
 */

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`)
/**
 * Digits and separators, with a zone or without: what else the parser would do away with (a tab), or take for the URL's
 * end.
 */
const IPV6 = /^([\da-f.:]+)(?:%[\da-z.:-]+)?$/i

export const isIPv4 = (text: string): boolean => IPV4.test(text)

/** With a zone or without. */
export function isIPv6(text: string): boolean {
  if (!text.includes(':')) return false
  const [, address] = IPV6.exec(text) ?? []
  return address !== undefined && URL.canParse(`http://[${address}]`)
}

/** Its version, 0 for what is no address. */
export const isIP = (text: string): 0 | 4 | 6 => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0)
