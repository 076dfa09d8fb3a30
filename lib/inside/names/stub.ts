import { parseResolvConf } from '../../names/resolv-conf.js'

/** How a sandbox asks for names: its resolv.conf(5), with the defaults and limits that glibc has. */
export interface Stub {
  nameservers: readonly string[]
  search: readonly string[]
  /** A name with fewer dots is tried with the search domains first. */
  ndots: number
  /** Milliseconds for one question to one nameserver. */
  timeout: number
  /** Rounds through the nameservers. */
  attempts: number
  rotate: boolean
  /** Always by TCP. */
  tcp: boolean
  edns: boolean
  ipv6: boolean
}

const MOST_NAMESERVERS = 3
const LIMITS = { ndots: 15, timeout: 30, attempts: 5 } as const
const DEFAULTS = { ndots: 1, timeout: 5, attempts: 2 } as const

/** @param hostname - Whose domain is searched where the file names none. */
export function readStub(resolvConf: string, hostname: string): Stub {
  const { nameservers, search, options } = parseResolvConf(resolvConf)
  const number = (name: keyof typeof LIMITS): number => {
    const value = options.findLast((option) => option.startsWith(`${name}:`))?.slice(name.length + 1)
    return value !== undefined && /^\d+$/.test(value) ? Math.min(Number(value), LIMITS[name]) : DEFAULTS[name]
  }
  const has = (...names: string[]) => names.some((name) => options.includes(name))
  const domain = hostname.includes('.') ? [hostname.slice(hostname.indexOf('.') + 1)] : []
  return {
    // Without any, the machine itself is asked.
    nameservers: nameservers.length > 0 ? nameservers.slice(0, MOST_NAMESERVERS) : ['127.0.0.1'],
    search: search.length > 0 ? search.filter((one) => one !== '.') : domain,
    ndots: number('ndots'),
    timeout: Math.max(number('timeout'), 1) * 1000,
    attempts: Math.max(number('attempts'), 1),
    rotate: has('rotate'),
    tcp: has('use-vc', 'usevc'),
    edns: has('edns0'),
    ipv6: !has('no-aaaa'),
  }
}

/** The full names that a name may stand for, in the order in which they are tried. */
export function candidates(name: string, { search, ndots }: Pick<Stub, 'search' | 'ndots'>): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const searched = search.map((domain) => `${name}.${domain.replace(/\.$/, '')}`)
  const dots = name.split('.').length - 1
  return dots >= ndots ? [name, ...searched] : [...searched, name]
}
