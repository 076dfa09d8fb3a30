import { ipaddr } from '../base/addresses/ipaddr.js'
import { isIP, isIPv4, isIPv6 } from '../base/addresses/is-address.js'
import { canonical, type NameOptions } from '../base/name-options.js'

/** What a resolv.conf(5) says. */
export interface ResolvConf {
  nameservers: readonly string[]
  search: readonly string[]
  options: readonly string[]
  /** Lines with other directives (`sortlist`), as they are. */
  other: readonly string[]
}

/** Docker's, for a sandbox whose host has no nameserver that the sandbox can reach. */
const PUBLIC4 = ['8.8.8.8', '8.8.4.4']
const PUBLIC6 = ['2001:4860:4860::8888', '2001:4860:4860::8844']

const SYSTEMD_STUB = '127.0.0.53'

export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  const options: string[] = []
  const other: string[] = []
  let search: readonly string[] = []
  for (const line of text.split('\n')) {
    const [directive = '', ...values] = line.trim().split(/\s+/)
    if (directive === '' || /^[#;]/.test(directive)) continue
    const [first] = values
    if (directive === 'nameserver') {
      if (first !== undefined && isIP(first)) nameservers.push(first.includes('%') ? first : canonical(first))
    } else if (directive === 'search' || directive === 'domain') {
      // The last one counts.
      if (first !== undefined) search = values
    } else if (directive === 'options') {
      options.push(...values)
    } else {
      other.push(line.trim())
    }
  }
  return { nameservers, search, options, other }
}

/** Only systemd-resolved's stub is there: its own file names the servers that it asks itself. */
export const isSystemdStub = ({ nameservers }: ResolvConf): boolean =>
  nameservers.length === 1 && nameservers[0] === SYSTEMD_STUB

/** Each option takes the place of its own directive, and of no other. */
function override(host: ResolvConf, { dns, dnsSearch, dnsOptions }: NameOptions): ResolvConf {
  return {
    nameservers: dns?.length ? dns.map(canonical) : host.nameservers,
    search: dnsSearch?.length ? dnsSearch.filter((domain) => domain !== '.') : host.search,
    options: dnsOptions?.length ? dnsOptions : host.options,
    other: host.other,
  }
}

/** Of a sandbox in the host's own network. */
export const hostModeResolvConf = (host: ResolvConf, options: NameOptions): string => print(override(host, options))

/**
 * Of a sandbox without a resolver of its own: the host's nameservers, without those that it cannot reach from where it
 * is. When none is left, docker's public ones stand in, with a comment that says so.
 *
 * @param ipv6 - The sandbox has an IPv6 address.
 */
export function bridgeResolvConf(host: ResolvConf, options: NameOptions, ipv6: boolean): string {
  const wanted = override(host, options)
  if (options.dns?.length) return print(wanted)
  const nameservers = host.nameservers.filter(
    (address) => !isLoopback(address) && !address.includes('%') && (ipv6 || !isIPv6(address)),
  )
  if (nameservers.length > 0) return print({ ...wanted, nameservers })
  return print({ ...wanted, nameservers: ipv6 ? [...PUBLIC4, ...PUBLIC6] : PUBLIC4 }, [
    "# None of the host's nameservers can be reached from here: these are Google's public ones, as with Docker.",
    '# The option dns names others.',
  ])
}

/** Of a sandbox on a user-defined network: the network's resolver, which asks the others. */
export function resolverResolvConf(host: ResolvConf, options: NameOptions, resolver: string): string {
  const wanted = override(host, options)
  const valid = wanted.options.filter((option) => !option.startsWith('ndots') || isNdots(option))
  // Names without a dot are the sandboxes': they are asked for as they are first.
  return print({ ...wanted, nameservers: [resolver], options: valid.some(isNdots) ? valid : [...valid, 'ndots:0'] })
}

/** Whom the resolver asks for the names that it does not know, from the host's network. */
export function upstreamsOf(host: ResolvConf, { dns }: NameOptions): string[] {
  // A loopback address that was asked for is the sandbox's own: on the host, another server has it.
  return dns?.length ? dns.map(canonical).filter((address) => !isLoopback(address)) : [...host.nameservers]
}

/** `ndots` was set on purpose, so that names without a dot are left to the search domains. */
export const setsNdots = (host: ResolvConf, options: NameOptions): boolean =>
  override(host, options).options.some(isNdots)

const isNdots = (option: string) => /^ndots:\d+$/.test(option)

/** Also of IPv4 in IPv6's clothes: `::ffff:127.0.0.1`. */
const isLoopback = (address: string) =>
  isIPv4(address) ? address.startsWith('127.') : ipaddr().process(address).range() === 'loopback'

function print({ nameservers, search, options, other }: ResolvConf, comments: readonly string[] = []): string {
  return [
    "# Made by Slipway from the host's resolv.conf, and made again when networks or options change.",
    ...comments,
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    ...other,
    '',
  ].join('\n')
}
