import { invalid, show, SlipwayError } from './errors.js'
import { DEFAULT_POOLS, type AddressPoolSpec } from './ipam/default-subnet.js'
import { isIpv4 } from './ipam/ipv4.js'
import { parseSubnet } from './ipam/subnet.js'

/** Options of {@link Slipway.open}. Where docker's daemon.json has the same key, it is that key in camelCase. */
export interface OpenOptions {
  /** Path of the network namespace that is "the host". Default: the one of this process. */
  netns?: string
  /** Where small facts are kept that the kernel has no place for; best on tmpfs. Default: `/run/slipway`. */
  stateDir?: string
  /** Name of the default bridge. Default: `docker0`. */
  bridgeName?: string
  /** The default bridge's own address and subnet: `172.17.0.1/16`. Default: the first free default pool. */
  bip?: string
  /** Part of the bridge's subnet that addresses are drawn from. Default: all of it. */
  fixedCidr?: string
  /** MTU of the bridge and its sandboxes, in bytes. Default: 1500. */
  mtu?: number
  /** Default gateway of the sandboxes, inside the bridge's subnet. Default: the bridge. */
  defaultGateway?: string
  /** Sandboxes on the default bridge may talk to each other. Default: true. */
  icc?: boolean
  /** Traffic to the world leaves under the host's address. Default: true. */
  ipMasq?: boolean
  /** Host address that ports are published on where none is named. Default: `0.0.0.0`. */
  ip?: string
  /** Where subnets are taken from when none is given. Default: docker's. */
  defaultAddressPools?: readonly AddressPoolSpec[]
}

/** Options with defaults filled in. What was left out and has no fixed default stays `undefined`. */
export interface Settings {
  netns: string | undefined
  stateDir: string
  bridgeName: string
  bip: string | undefined
  fixedCidr: string | undefined
  mtu: number | undefined
  defaultGateway: string | undefined
  icc: boolean | undefined
  ipMasq: boolean | undefined
  ip: string
  defaultAddressPools: readonly AddressPoolSpec[]
}

type Check = (value: unknown) => string | undefined

const text: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a text')
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false')
const path: Check = (value) =>
  typeof value === 'string' && /^\/\P{Cc}*$/u.test(value) ? undefined : 'an absolute path without control characters'
// It stands in the alias of the bridge (IFALIASZ, 255 bytes).
const stateDir: Check = (value) =>
  path(value) === undefined && Buffer.byteLength(value as string) <= 200 ? undefined : 'an absolute path of at most 200 bytes, without control characters'
const ipv4: Check = (value) => (typeof value === 'string' && isIpv4(value) ? undefined : "an IPv4 address, as in '192.0.2.1'")
const cidr: Check = (value) =>
  typeof value === 'string' && parseSubnet(value)?.family === 4 ? undefined : "an IPv4 address with prefix, as in '172.17.0.1/16'"
const mtu: Check = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 68 && value <= 65535 ? undefined : 'a number of bytes from 68 to 65535'
// Narrower than the kernel's dev_valid_name(): nothing that it expands (%d), that nft or a shell reads as their own, or
// that sysctl(8) takes for every link.
const link: Check = (value) =>
  typeof value === 'string' && /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(value) && value !== 'all' && value !== 'default'
    ? undefined
    : 'an interface name of at most 15 letters, digits, "_", "." and "-" that begins with a letter or digit ("all" and "default" are no names)'
const isPool = (pool: Partial<AddressPoolSpec> | null) => typeof pool?.base === 'string' && parseSubnet(pool.base) && Number.isInteger(pool.size)
const pools: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isPool)
    ? undefined
    : "a list, as in [{ base: '172.17.0.0/12', size: 16 }]"

const CHECKS: Record<keyof OpenOptions, Check> = {
  netns: path,
  stateDir,
  bridgeName: link,
  bip: cidr,
  fixedCidr: cidr,
  mtu,
  defaultGateway: ipv4,
  icc: flag,
  ipMasq: flag,
  ip: ipv4,
  defaultAddressPools: pools,
}

// Part of the contract, and not here yet: said in so many words rather than ignored.
const LATER = ['fixedCidrV6', 'defaultGatewayV6', 'dns', 'dnsSearch', 'dnsOptions', 'pool']

/**
 * Checks options against a table: unknown ones are refused, listing the known ones.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`, `UNSUPPORTED`
 */
export function checkOptions<T extends object>(what: string, options: T, checks: Record<keyof T & string, Check>, later: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw invalid(`${what} takes an object of options.`)
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (later.includes(name)) throw new SlipwayError('UNSUPPORTED', `${what}: the option ${name} is not supported yet.`)
    const check = Object.hasOwn(checks, name) ? checks[name as keyof T & string] : undefined
    if (!check) throw invalid(`${what}: there is no option ${show(name)}. There are ${Object.keys(checks).join(', ')}.`)
    const expected = check(value)
    if (expected) throw invalid(`${what}: ${name} must be ${expected}, and is ${show(value)}.`)
  }
}

export const checks = { text, flag, path, ipv4 } as const
export type { Check }

/** @throws {SlipwayError} `INVALID_ARGUMENT`, `UNSUPPORTED` */
export function readOpenOptions(options: OpenOptions): Settings {
  checkOptions('Slipway.open', options, CHECKS, LATER)
  return {
    netns: options.netns,
    stateDir: options.stateDir ?? '/run/slipway',
    bridgeName: options.bridgeName ?? 'docker0',
    bip: options.bip,
    fixedCidr: options.fixedCidr,
    mtu: options.mtu,
    defaultGateway: options.defaultGateway,
    icc: options.icc,
    ipMasq: options.ipMasq,
    ip: options.ip ?? '0.0.0.0',
    defaultAddressPools: options.defaultAddressPools ?? DEFAULT_POOLS,
  }
}
