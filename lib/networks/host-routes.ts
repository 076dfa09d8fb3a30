import { parseSubnet } from '../base/addresses/subnet.js'
import type { Occupied } from '../claims/addresses/default-subnet.js'
import type { RouteInfo } from '../kernel/native.js'

/** Numbers of routing tables: the one that routes are in, and the one of the host's own addresses. */
const MAIN = 254
const LOCAL = 255
const LOOPBACK = 1
/**
 * Routes that are wider lead anywhere: the halves and eighths of all addresses that a VPN has in the place of a default
 * route. The longest prefix of them.
 */
const WIDE = 7

/**
 * What a route of the host occupies: what is on a link of its own, as with docker. A route by a gateway, one that leads
 * nowhere (blackhole, unreachable, prohibit) and one of another table give way to a network's, which is narrower or
 * stands in the main table; only a subnet of the further pool keeps out of their way. `undefined`: nothing.
 */
export function occupiedBy({ index, table, destination, gateway }: RouteInfo): Occupied | undefined {
  const subnet = destination === 'default' ? undefined : parseSubnet(destination)
  if (!subnet || subnet.prefix <= WIDE) return undefined
  const what = `the host has the route ${destination}`
  if (table === LOCAL) return { subnet, what }
  // A route to nowhere has no link over IPv4, and over IPv6 the loopback; one over several links has none at its head.
  const isOnLink = table === MAIN && gateway === '' && index > LOOPBACK
  return isOnLink ? { subnet, what } : { subnet, what, counts: 'further' }
}
