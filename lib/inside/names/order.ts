import { isIPv6 } from '../../base/addresses/is-address.js'

/** An address, and the sandbox's address from which it would be reached; without one, there is no way to it. */
export interface Reachable {
  address: string
  source: string | undefined
}

/** fc00::/7, which goes no further than some networks of one owner. */
const isLocal = (address: string): boolean => isIPv6(address) && /^f[cd]/i.test(address)

/**
 * In the order in which addresses are tried (RFC 6724, as far as it matters to a sandbox; RFC 8305): those that can be
 * reached, IPv6 and IPv4 in turn, then the others. IPv6 comes second where a local address of the sandbox would have to
 * lead to a global one.
 */
export function bySource(found: readonly Reachable[]): string[] {
  const reached = found.filter(({ source }) => source !== undefined)
  const ipv6 = reached.filter(({ address }) => isIPv6(address))
  const ipv4 = reached.filter(({ address }) => !isIPv6(address))
  const [first] = ipv6
  const doubtful = first !== undefined && isLocal(first.source ?? '') && !isLocal(first.address)
  const [former, latter] = doubtful ? [ipv4, ipv6] : [ipv6, ipv4]
  const inTurn = Array.from({ length: Math.max(former.length, latter.length) }, (_, at) => [former[at], latter[at]])
  return [...inTurn.flat(), ...found.filter(({ source }) => source === undefined)].flatMap((one) => one?.address ?? [])
}
