import { isIPv6 } from '../base/addresses/is-address.js'
import { canonical, HOST_GATEWAY, parseAddedHost, withoutRoot, type NameOptions } from '../base/name-options.js'

/** What a sandbox's `hosts` needs to know of where the sandbox is. */
export interface HostsPlace {
  /** Every endpoint's addresses, in the order of the endpoints; link-local ones are not named. */
  addresses: readonly string[]
  /** What `host-gateway` stands for: the default bridge's addresses. */
  hostGateway: readonly string[]
  /** The sandbox has `::1`: IPv6 is not switched off in its namespace. */
  ipv6Loopback: boolean
}

type Line = readonly [address: string, names: string]

const LOOPBACK4: readonly Line[] = [['127.0.0.1', 'localhost']]
const LOOPBACK6: readonly Line[] = [
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['fe00::', 'ip6-localnet'],
  ['ff00::', 'ip6-mcastprefix'],
  ['ff02::1', 'ip6-allnodes'],
  ['ff02::2', 'ip6-allrouters'],
]

/**
 * The text of `hosts`, as docker 26 and later write it: no IPv6 line where the sandbox has no IPv6.
 *
 * @param options - Checked by `nameChecks`, and with the hostname filled in.
 */
export function hostsText(options: NameOptions & { hostname: string }, place: HostsPlace): string {
  const own = ownNames(options.hostname, options.domainname)
  const lines = [
    ...LOOPBACK4,
    ...LOOPBACK6,
    ...(options.addHost ?? []).flatMap((text) => added(text, place.hostGateway)),
    ...place.addresses.map((address): Line => [canonical(address), own]),
  ]
  return lines
    .flatMap(([address, names]) => (isIPv6(address) && !place.ipv6Loopback ? [] : `${address}\t${names}\n`))
    .join('')
}

function added(text: string, hostGateway: readonly string[]): Line[] {
  const host = parseAddedHost(text)
  if (!host) throw new RangeError(`addHost was not checked: ${text}`)
  const addresses = host.address === HOST_GATEWAY ? hostGateway.map(canonical) : [host.address]
  return addresses.map((address) => [address, host.name])
}

/** The full name first, then the short one: `app.example.org app`. */
function ownNames(hostname: string, domainname: string | undefined): string {
  const full = withoutRoot(domainname ? `${withoutRoot(hostname)}.${domainname}` : hostname)
  const [short = full] = full.split('.')
  return short === full ? full : `${full} ${short}`
}
