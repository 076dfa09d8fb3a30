import type { NetworkSpec } from '../../store/network-spec.js'
import type { AddressPoolSpec } from '../../base/settings.js'
import { invalid, SlipwayError } from '../../base/errors.js'
import { toValue } from '../../base/addresses/address.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import { bitsOf, overlap, parseSubnet, subnetAround, type Subnet } from '../../base/addresses/subnet.js'

/** A pool that is cut when no other has a subnet left. */
interface FurtherPool extends AddressPoolSpec {
  /** Nothing of it is chosen that the host has any way to, by a gateway or in other tables: many sites use it. */
  further: true
}

const FURTHER_POOL: FurtherPool = { base: '10.0.0.0/8', size: 24, further: true }

/**
 * Docker's own, in its order (moby, daemon/libnetwork/ipamutils), which end at 31 networks, and a further one. Docker
 * writes the first three as single /16s because 172.16.0.0/16 is left out.
 */
export const DEFAULT_POOLS: readonly AddressPoolSpec[] = [
  { base: '172.17.0.0/16', size: 16 },
  { base: '172.18.0.0/16', size: 16 },
  { base: '172.19.0.0/16', size: 16 },
  { base: '172.20.0.0/14', size: 16 },
  { base: '172.24.0.0/14', size: 16 },
  { base: '172.28.0.0/14', size: 16 },
  { base: '192.168.0.0/16', size: 20 },
  FURTHER_POOL,
]

/** An address range that a new subnet must not cover. */
export interface Occupied {
  subnet: Subnet
  /** Who has it, as half a sentence: `the network web has 172.20.0.0/16`, `the host has the route 10.0.0.0/8`. */
  what: string
  /** The network that has it, where it is one with a record. */
  network?: NetworkSpec
  /** The claim of a network stands in the kernel, which knows no two that overlap. */
  claimed?: true
  /** The network is just being made: it may be refused yet, and have no subnet then. */
  undecided?: true
  /**
   * Where it counts only: where a subnet is chosen from the pools, or from the further one. A subnet that is asked for
   * may overlap it. Default: everywhere.
   */
  counts?: 'chosen' | 'further'
}

/** What is wanted of {@link firstFreeSubnet}. */
export interface Wanted {
  family: IpFamily
  /** Prefix length; default: each pool's own. */
  size?: number
  /** The option that asks, as the caller wrote it. */
  asked: string
  /** What the caller can do when nothing is free: `Give bip`. */
  instead: string
}

/**
 * The first subnet of the pools that overlaps nothing occupied. A base with host bits starts there. The time depends on
 * how much is occupied, not on how many subnets a pool has.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT` of a malformed pool, or when no pool is of that family and large enough;
 * `EXHAUSTED`.
 */
export function firstFreeSubnet(
  pools: readonly AddressPoolSpec[],
  occupied: readonly Occupied[],
  { family, size, asked, instead }: Wanted,
): Subnet {
  const inOrder = occupied
    .filter(({ subnet }) => subnet.family === family)
    .sort(({ subnet: a }, { subnet: b }) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  const suiting = pools
    .map(readPool)
    .filter(({ base }) => base.family === family && (size === undefined || base.prefix <= size))
  for (const pool of suiting) {
    const prefix = size ?? pool.size
    let subnet = subnetAround(family, pool.start, prefix)
    for (const { subnet: other, counts } of inOrder)
      if ((counts !== 'further' || pool.isFurther) && overlap(other, subnet))
        subnet = subnetAround(family, other.last + (subnet.last - subnet.first) + 1n, prefix)
    if (subnet.last <= pool.base.last) return subnet
  }
  const what = size === undefined ? `IPv${family} subnet` : `/${size}`
  if (suiting.length > 0) {
    throw new SlipwayError(
      'EXHAUSTED',
      `No ${what} of the default address pools is free: routes, addresses and networks of the host cover ${suiting.map(({ text }) => text).join(', ')}. ${instead}, or open with other defaultAddressPools.`,
    )
  }
  throw invalid(
    `${asked}: no default address pool has room for ${size === undefined ? 'an' : 'a'} ${what} (there are ${pools.map(({ base }) => base).join(', ')}). ${instead}, or open with other defaultAddressPools.`,
  )
}

/** The smallest subnets that are cut: with two addresses for hosts. */
const smallest = (family: IpFamily): number => bitsOf(family) - 2

function readPool(pool: AddressPoolSpec) {
  const { base, size } = pool
  const subnet = parseSubnet(base)
  if (!subnet)
    throw invalid(`defaultAddressPools: base "${base}" is no CIDR, as in { base: '172.17.0.0/12', size: 16 }.`)
  if (!Number.isInteger(size) || size < subnet.prefix || size > smallest(subnet.family)) {
    throw invalid(
      `defaultAddressPools: size ${size} of base ${base} must be a prefix length from ${subnet.prefix} to ${smallest(subnet.family)}.`,
    )
  }
  return { base: subnet, start: toValue(base.split('/')[0] ?? ''), size, text: base, isFurther: 'further' in pool }
}
