import type { Settings } from '../base/settings.js'
import { DEFAULT_POOLS } from '../claims/addresses/default-subnet.js'
import type { AddressPoolSpec } from '../base/settings.js'
import { canonicalAddress, isIp, isIpv6 } from '../base/addresses/address.js'
import { parseSubnet } from '../base/addresses/subnet.js'
import { callChecks, type CallOptions } from '../base/call.js'
import { checkOptions, checks, type Check } from '../base/checks.js'
import { invalid } from '../base/errors.js'
import { isLinkName, LINK_NAME } from '../base/link-name.js'
import { nameChecks } from '../base/name-options.js'
import { IPV6_MTU } from '../store/network-spec.js'
import { poolCheck, readPoolOptions } from '../work/pool/options.js'
import type { PoolOptions } from '../base/settings.js'
import { readHostAddress } from '../claims/ports/host-address.js'

/** Options of {@link Slipway.open}. Where docker's daemon.json has the same key, it is that key in camelCase. */
export interface OpenOptions extends CallOptions {
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
  /** The default bridge has IPv6. Default: whether `bip6` or `fixedCidrV6` is given. */
  ipv6?: boolean
  /** As `bip`: `fd00:1:2:3::1/64`. Default: the first address of `fixedCidrV6`, or of the first free IPv6 pool. */
  bip6?: string
  /** The default bridge's IPv6 subnet; with `bip6`, the part of it that addresses are drawn from. */
  fixedCidrV6?: string
  /** MTU of the bridge and its sandboxes, in bytes. Default: 1500. */
  mtu?: number
  /** Default gateway of the sandboxes, inside the bridge's subnet. Default: the bridge. */
  defaultGateway?: string
  /** The same of IPv6. */
  defaultGatewayV6?: string
  /** Sandboxes on the default bridge may talk to each other. Default: true. */
  icc?: boolean
  /** Traffic to the world leaves under the host's address. Default: true. */
  ipMasq?: boolean
  /** Host address that ports are published on where none is named. Default: `0.0.0.0` and `::`. */
  ip?: string
  /** Nameservers of sandboxes that name none. Default: the host's. */
  dns?: readonly string[]
  /** Search domains of sandboxes that name none. Default: the host's. */
  dnsSearch?: readonly string[]
  /** Options of resolv.conf(5) of sandboxes that name none. Default: the host's. */
  dnsOptions?: readonly string[]
  /**
   * Where subnets are taken from when none is given. Default: docker's, and when they are used up, the /24s of
   * 10.0.0.0/8 that the host has no route to.
   */
  defaultAddressPools?: readonly AddressPoolSpec[]
  /**
   * Sandboxes that a network has on one bridge, at most 1023, before it gets a further one: broadcasts and multicasts
   * reach those on the same bridge, and the kernel takes longer for each the more there are. Default: 256.
   */
  portsPerBridge?: number
  /**
   * Whether what others change or delete of Slipway's (rules, elements, bridges, links) is given back at once.
   * `false`: it is only told, by {@link Slipway.events} and the diagnostics channel `slipway:damage`, and a call that
   * needs it, or the next open(), gives it back. Default: true.
   */
  heal?: boolean
  /** Sandboxes made ahead of need: {@link PoolOptions}. Default: none. */
  pool?: PoolOptions
}

// It stands in the alias of the bridge (IFALIASZ, 255 bytes).
const stateDir: Check = (value) =>
  checks.path(value) === undefined && Buffer.byteLength(value as string) <= 200
    ? undefined
    : 'an absolute path of at most 200 bytes, without control characters'
const cidr: Check = (value) =>
  typeof value === 'string' && parseSubnet(value)?.family === 4
    ? undefined
    : "an IPv4 address with prefix, as in '172.17.0.1/16'"
const cidr6: Check = (value) =>
  typeof value === 'string' && parseSubnet(value)?.family === 6
    ? undefined
    : "an IPv6 address with prefix, as in 'fd00:1:2:3::1/64'"
const ipv6: Check = (value) =>
  typeof value === 'string' && isIpv6(value) ? undefined : "an IPv6 address, as in 'fd00:1:2:3::1'"
const anyIp: Check = (value) =>
  typeof value === 'string' && isIp(value) ? undefined : "an address of the host, as in '192.0.2.1'"
const mtu: Check = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 68 && value <= 65535
    ? undefined
    : 'a number of bytes from 68 to 65535'
// BR_MAX_PORTS of the kernel's net/bridge/br_private.h, less the one that is never given.
const ports: Check = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1023
    ? undefined
    : 'a whole number from 1 to 1023'
const link: Check = (value) => (isLinkName(value) ? undefined : LINK_NAME)
const isPool = (pool: Partial<AddressPoolSpec> | null) =>
  typeof pool?.base === 'string' && parseSubnet(pool.base) !== undefined && Number.isInteger(pool.size)
const pools: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isPool)
    ? undefined
    : "a list, as in [{ base: '172.17.0.0/12', size: 16 }]"

const CHECKS: Record<keyof OpenOptions, Check> = {
  netns: checks.path,
  stateDir,
  bridgeName: link,
  bip: cidr,
  fixedCidr: cidr,
  ipv6: checks.flag,
  bip6: cidr6,
  fixedCidrV6: cidr6,
  mtu,
  defaultGateway: checks.ipv4,
  defaultGatewayV6: ipv6,
  icc: checks.flag,
  ipMasq: checks.flag,
  ip: anyIp,
  dns: nameChecks.dns,
  dnsSearch: nameChecks.dnsSearch,
  dnsOptions: nameChecks.dnsOptions,
  defaultAddressPools: pools,
  portsPerBridge: ports,
  heal: checks.flag,
  pool: poolCheck,
  ...callChecks,
}

/** As the kernel tells it, so that the two can be compared. */
function canonicalCidr(cidr: string): string {
  const [address = '', prefix = ''] = cidr.split('/')
  return `${canonicalAddress(address) ?? address}/${prefix}`
}

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readOpenOptions(options: OpenOptions): Settings {
  checkOptions('Slipway.open', options, CHECKS)
  const { mtu, ipv6, bip6, fixedCidrV6, ip } = options
  if (mtu !== undefined && mtu < IPV6_MTU && (ipv6 ?? (bip6 !== undefined || fixedCidrV6 !== undefined))) {
    throw invalid(
      `Slipway.open: mtu ${mtu} is too narrow for IPv6, which takes ${IPV6_MTU} bytes at least. Give that, or leave IPv6 out.`,
    )
  }
  return {
    netns: options.netns,
    stateDir: options.stateDir ?? '/run/slipway',
    bridgeName: options.bridgeName ?? 'docker0',
    bip: options.bip,
    fixedCidr: options.fixedCidr,
    ipv6: options.ipv6,
    bip6: bip6 === undefined ? undefined : canonicalCidr(bip6),
    fixedCidrV6: options.fixedCidrV6,
    mtu: options.mtu,
    defaultGateway: options.defaultGateway,
    defaultGatewayV6: options.defaultGatewayV6,
    icc: options.icc,
    ipMasq: options.ipMasq,
    ip:
      ip === undefined
        ? undefined
        : readHostAddress(ip, (why) =>
            invalid(
              `Slipway.open: ip must be an address of the host that ports can be published on, as in '192.0.2.1': ${why}.`,
            ),
          ),
    dns: options.dns,
    dnsSearch: options.dnsSearch,
    dnsOptions: options.dnsOptions,
    defaultAddressPools: options.defaultAddressPools ?? DEFAULT_POOLS,
    portsPerBridge: options.portsPerBridge ?? 256,
    heal: options.heal ?? true,
    pool: readPoolOptions(options.pool ?? {}),
  }
}
