import type { IPv4, IPv6 } from 'ipaddr.js'
import { show } from '../../base/errors.js'
import { ipaddr } from '../../base/addresses/ipaddr.js'
import { isIPv4, isIPv6 } from '../../base/addresses/is-address.js'

/** Addresses as port mappings have them: of the host, and of those who may connect. */

/** Turns what is wrong into the error that names the whole mapping. */
export type Wrong = (why: string) => Error

/**
 * Reads an address that something can be published on, in its canonical form. Whether the host has it, only the host
 * knows.
 */
export function readHostAddress(text: string, wrong: Wrong): string {
  if (isIPv4(text)) {
    const first = Number(text.slice(0, text.indexOf('.')))
    if (first >= 224 && first <= 239) throw wrong(`${text} is a multicast address, and no host has one of its own`)
    if (text === '255.255.255.255') throw wrong(`${text} is the broadcast address, and no host has it`)
    return text
  }
  const address = readIpv6(text, 'host address', wrong)
  const range = address.range()
  const canonical = address.toRFC5952String()
  if (range === 'multicast') throw wrong(`${canonical} is a multicast address, and no host has one of its own`)
  if (range === 'linkLocal')
    throw wrong(
      `${canonical} is a link-local address, which every interface may have: publish on an address that is one interface's alone`,
    )
  // The kernel drops a packet from ::1 that would leave by another interface than lo.
  if (range === 'loopback')
    throw wrong(
      `[::1] cannot be published on: the kernel lets nothing that is sent to it out of lo. Publish on 127.0.0.1`,
    )
  return canonical
}

function readIpv6(text: string, what: string, wrong: Wrong): IPv6 {
  if (text.includes('%'))
    throw wrong(`${what} ${show(text)} has a zone (%), which goes with link-local addresses only: leave it out`)
  if (!isIPv6(text)) throw wrong(`${what} ${show(text)} is no IP address`)
  const address = ipaddr().IPv6.parse(text)
  if (address.isIPv4MappedAddress())
    throw wrong(`${what} ${text} is an IPv4 address in IPv6 form: write ${address.toIPv4Address().toString()}`)
  return address
}

type Network = [address: IPv4 | IPv6, prefix: number]

/**
 * Reads who may connect: addresses and networks, of which one within another says nothing new. Sorted and canonical.
 */
export function readAllow(list: readonly unknown[], wrong: Wrong): string[] {
  const networks = list.map((item) => readNetwork(item, wrong)).sort(inOrder)
  const kept: Network[] = []
  for (const network of networks) {
    const last = kept.at(-1)
    if (!last || !isWithin(network, last)) kept.push(network)
  }
  return kept.map(
    ([address, prefix]) =>
      `${address instanceof ipaddr().IPv6 ? address.toRFC5952String() : address.toString()}/${prefix}`,
  )
}

function readNetwork(item: unknown, wrong: Wrong): Network {
  const [, text = '', prefix] = (typeof item === 'string' && /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(item)) || []
  if (text === '') throw wrong(`allow ${show(item)} is no address or network, as in 10.0.0.0/8 or 192.0.2.7`)
  const address = isIPv4(text) ? ipaddr().IPv4.parse(text) : readIpv6(text, 'allow', wrong)
  const bits = address instanceof ipaddr().IPv4 ? 32 : 128
  const length = Number(prefix ?? bits)
  if (length > bits)
    throw wrong(`allow ${item as string}: the prefix of an IPv${bits === 32 ? 4 : 6} network is at most ${bits}`)
  const cidr = `${address.toString()}/${length}`
  return [bits === 32 ? ipaddr().IPv4.networkAddressFromCIDR(cidr) : ipaddr().IPv6.networkAddressFromCIDR(cidr), length]
}

const isWithin = ([a]: Network, [b, prefix]: Network): boolean =>
  a instanceof ipaddr().IPv6
    ? b instanceof ipaddr().IPv6 && a.match(b, prefix)
    : b instanceof ipaddr().IPv4 && a.match(b, prefix)

// A network stands right before those within it: networks are disjoint or nested.
function inOrder([a, prefixA]: Network, [b, prefixB]: Network): number {
  const left = a.toByteArray()
  const right = b.toByteArray()
  return (
    left.length - right.length || Buffer.compare(Uint8Array.from(left), Uint8Array.from(right)) || prefixA - prefixB
  )
}
