import type { Check } from './checks.js'
import { show } from './errors.js'
import { ipaddr } from './addresses/ipaddr.js'
import { isIP, isIPv6 } from './addresses/is-address.js'

/** What a sandbox's names and its three files are made from. Names are those of `docker run`'s flags. */
export interface NameOptions {
  /** Letters, digits, `-`, `_` and `.`, at most 64. Default: the first twelve digits of the id. */
  hostname?: string
  /** Follows the hostname in `hosts`: `app` and `example.org` give `app.example.org`. */
  domainname?: string
  /** Lines of `hosts`: `'db:172.20.0.9'`, `'db=2001:db8::9'`, `'gw:host-gateway'` for the bridge's addresses. */
  addHost?: readonly string[]
  /** Addresses of nameservers. Default: the host's. */
  dns?: readonly string[]
  /** Search domains; `['.']` for none. Default: the host's. */
  dnsSearch?: readonly string[]
  /** Options as in resolv.conf(5): `'ndots:2'`. Default: the host's. */
  dnsOptions?: readonly string[]
}

/** Stands for the bridge's addresses in `addHost`. */
export const HOST_GATEWAY = 'host-gateway'

/** A line of `hosts`. */
export interface AddedHost {
  name: string
  /** Canonical, or {@link HOST_GATEWAY}. */
  address: string
}

/** What the kernel takes: HOST_NAME_MAX. */
const HOSTNAME_LENGTH = 64
/** RFC 1035, as text. */
const NAME_LENGTH = 253
// RFC 1123, section 2.1, and wider: with Docker, `_` is in names of containers, and a name may end with the root's dot.
const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?'
const HOSTNAME = new RegExp(`^${LABEL}(\\.${LABEL})*\\.?$`, 'i')
// Wider, as resolvers are: underscores are in names of services and, with Docker, of containers.
const DOMAIN = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/i
const OPTION = /^[a-z][a-z0-9-]{0,31}(:\d{1,5})?$/i

/** A name that a sandbox may be called by. */
export const isHostname = (value: unknown, longest = NAME_LENGTH): value is string =>
  typeof value === 'string' && value.length <= longest && HOSTNAME.test(value)

/** A zone (`fe80::1%eth0`) names a link of the host, which a sandbox does not have. */
const isAddress = (value: unknown): value is string =>
  typeof value === 'string' && isIP(value) !== 0 && !value.includes('%')

const isDomain = (value: unknown) => typeof value === 'string' && value.length <= NAME_LENGTH && DOMAIN.test(value)

/** A name without the dot of the root, which says that it is a full one. */
export const withoutRoot = (name: string): string => name.replace(/\.$/, '')

/** An address as it is written everywhere: IPv6 as in RFC 5952. */
export const canonical = (address: string): string =>
  isIPv6(address) ? ipaddr().IPv6.parse(address).toRFC5952String() : address

/**
 * Reads one `addHost`: `name:address` or `name=address`, IPv6 with or without brackets. `undefined` when it is none.
 */
export function parseAddedHost(text: unknown): AddedHost | undefined {
  if (typeof text !== 'string') return undefined
  const [, name = '', given = ''] = /^([^:=]*)[:=](.*)$/s.exec(text) ?? []
  const address = /^\[(.*:.*)\]$/s.exec(given)?.[1] ?? given
  if (!isDomain(name)) return undefined
  if (address === HOST_GATEWAY) return { name, address }
  return isAddress(address) ? { name, address: canonical(address) } : undefined
}

const each =
  (is: (item: unknown) => boolean, what: string): Check =>
  (value) => {
    if (!Array.isArray(value)) return `a list of ${what}`
    const wrong = value.findIndex((item) => !is(item))
    return wrong < 0 ? undefined : `a list of ${what} (${show(value[wrong])} is none)`
  }

const hostname: Check = (value) =>
  isHostname(value, HOSTNAME_LENGTH)
    ? undefined
    : `a name of at most ${HOSTNAME_LENGTH} letters, digits, "-", "_" and ".", at most 63 between dots, where "-" is neither first nor last`
const domainname: Check = (value) =>
  isHostname(value)
    ? undefined
    : `a domain as in 'example.org': letters, digits, "-", "_" and ".", at most 63 between dots`

/** What is expected of each option, for `checkOptions`. */
export const nameChecks: Record<keyof NameOptions, Check> = {
  hostname,
  domainname,
  addHost: each(
    (item) => parseAddedHost(item) !== undefined,
    `texts 'NAME:ADDRESS', as in 'db:172.20.0.9', 'db:[2001:db8::9]' or 'gw:${HOST_GATEWAY}'`,
  ),
  dns: each(isAddress, "addresses of nameservers, as in ['192.0.2.53', '2001:db8::53']"),
  dnsSearch: each((item) => item === '.' || isDomain(item), "domains, as in ['example.org'], or ['.'] for none"),
  dnsOptions: each(
    (item) => typeof item === 'string' && OPTION.test(item),
    "options as in resolv.conf(5), as in ['ndots:2', 'rotate']",
  ),
}
