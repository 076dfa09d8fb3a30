import { invalid, SlipwayError } from '../../base/errors.js'
import { firstFreeSubnet, type Occupied } from './default-subnet.js'
import type { AddressPoolSpec } from '../../base/settings.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import { type NetworkSubnet } from '../../base/addresses/network-subnet.js'
import { poolOf } from './pool-of-subnet.js'
import { defaultGatewayName, readSubnet, type Names, type SubnetDraft } from '../../base/addresses/read-subnet.js'
import { checkSubnetRequests, type SubnetRequest } from '../../base/addresses/subnet-request.js'
import { overlap, printSubnet, unusable, type Subnet } from '../../base/addresses/subnet.js'

/** What a network's addresses follow from. */
export interface IpamRequest {
  /** Default: one of the pools per family that is on. */
  subnets?: readonly SubnetRequest[]
  /** Default: true. */
  ipv4?: boolean
  /** Default: false. */
  ipv6?: boolean
  /** Default: the host for both. */
  router?: Partial<Record<IpFamily, Router>>
  /** Endpoints get no default route. Default: false. */
  internal?: boolean
}

/**
 * Who leads out of a network: the host, by an address of its own there; another, which endpoints use as their gateway;
 * that one only where it is named; or nobody. Where the host does not, it has no address there.
 */
export type Router = 'host' | 'another' | 'named' | 'nobody'

/** What a new network finds on its host. */
export interface AddressSpace {
  /** Of both families: see `withIpv6Pool`. */
  pools: readonly AddressPoolSpec[]
  occupied: readonly Occupied[]
  /** What a subnet that is asked for may overlap all the same. Default: nothing. */
  mayOverlap?: ((one: Occupied) => boolean) | undefined
  /** What is not chosen from the pools, though it may be asked for: the default bridge will have it. */
  kept?: readonly Occupied[]
}

/** A subnet that was asked for is not free. */
export class SubnetTaken extends SlipwayError {
  // Private, so that no one sees it in an error that is printed.
  readonly #by: Occupied

  constructor(message: string, by: Occupied) {
    super('CONFLICT', message)
    this.#by = by
  }

  /** Who has it. */
  get by(): Occupied {
    return this.#by
  }
}

/** Whether a network of Slipway's has it: no other network ever gets it. */
export const isNetworks = ({ network, claimed }: Occupied): boolean => network !== undefined || claimed === true

/**
 * Completes the addresses of a network: subnets from the pools where none is given, gateways, broadcast addresses; and
 * refuses what docker refuses. A pure function: the same request in the same surroundings has the same answer.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT` naming the option, `CONFLICT` naming who has the subnet, `EXHAUSTED`.
 */
export function completeIpam(request: IpamRequest, space: AddressSpace): NetworkSubnet[] {
  const { subnets = [], ipv4 = true, ipv6 = false } = request
  checkSubnetRequests(subnets)
  if (!ipv4 && !ipv6) throw invalid('ipv4 and ipv6 are both off: a network needs one of them.')
  const drafts = subnets.map((subnet, index) => readSubnet(subnet, namesOf(index, subnet.subnet)))
  for (const { family, names } of drafts) {
    if (family === 4 ? !ipv4 : !ipv6)
      throw invalid(
        `${names.subnet} is IPv${family}, and ipv${family} is off. Give ipv${family}: true, or leave the subnet out.`,
      )
  }
  const wanted = ([4, 6] as const).filter(
    (family) => (family === 4 ? ipv4 : ipv6) && !drafts.some((draft) => draft.family === family),
  )
  return completeDrafts([...drafts, ...wanted.map(anySubnet)], request, space)
}

const namesOf = (index: number, subnet: string): Names => ({
  subnet: `subnets[${index}].subnet`,
  gateway: `subnets[${index}].gateway`,
  ipRange: `subnets[${index}].ipRange`,
  aux: (name) => `subnets[${index}].auxAddresses.${name}`,
  instead: `Choose another, or ${subnet.includes(':') ? '::' : '0.0.0.0'}/${subnet.split('/')[1]} for any free one of this size`,
  despite: 'With force: true it is taken all the same',
})

function anySubnet(family: IpFamily): SubnetDraft {
  const option = `ipv${family}`
  return {
    names: {
      subnet: option,
      gateway: option,
      ipRange: option,
      aux: () => option,
      instead: `Give a subnet for IPv${family}`,
    },
    family,
    aux: {},
  }
}

/**
 * The part of {@link completeIpam} after reading. IPv4 comes first in the answer, otherwise the order is the caller's.
 */
export function completeDrafts(
  drafts: readonly SubnetDraft[],
  request: Omit<IpamRequest, 'subnets'>,
  { pools, occupied, mayOverlap = () => false, kept = [] }: AddressSpace,
): NetworkSubnet[] {
  const inOrder = [...drafts].sort((a, b) => a.family - b.family)
  const settled = inOrder.flatMap(({ subnet, names }) => (subnet ? [{ subnet, names }] : []))
  for (const [index, { subnet, names }] of settled.entries()) {
    const before = settled.slice(0, index).find((other) => overlap(other.subnet, subnet))
    if (before)
      throw invalid(
        `${names.subnet} ${printSubnet(subnet)} overlaps ${before.names.subnet} ${printSubnet(before.subnet)}. The subnets of a network must be apart.`,
      )
    const clash = occupied.find(
      (other) => other.counts === undefined && overlap(other.subnet, subnet) && !mayOverlap(other),
    )
    if (clash) {
      const despite = names.despite === undefined || isNetworks(clash) ? '' : ` ${names.despite}.`
      throw new SubnetTaken(
        `${names.subnet} ${printSubnet(subnet)} is not free: ${clash.what}. ${names.instead}.${despite}`,
        clash,
      )
    }
  }
  const taken = [...occupied, ...kept, ...settled.map(({ subnet }) => ({ subnet, what: 'this network' }))]
  return inOrder.map((draft) => {
    const { names, family, size } = draft
    const asked = size === undefined ? names.subnet : `${names.subnet} ${family === 4 ? '0.0.0.0' : '::'}/${size}`
    const subnet =
      draft.subnet ??
      firstFreeSubnet(pools, taken, { family, asked, instead: names.instead, ...(size === undefined ? {} : { size }) })
    if (!draft.subnet) taken.push({ subnet, what: 'this network' })
    return completeSubnet(draft, subnet, request)
  })
}

function completeSubnet(
  { names, family, gateway: given, range, aux }: SubnetDraft,
  subnet: Subnet,
  request: Omit<IpamRequest, 'subnets'>,
): NetworkSubnet {
  const router = request.router?.[family] ?? 'host'
  const named = aux[defaultGatewayName(family)]
  if (router !== 'host' && given !== undefined && named !== undefined) {
    throw invalid(
      `${names.gateway} ${given} and ${names.aux(defaultGatewayName(family))} ${named} are two gateways, and the bridge has no address that one could be. Leave one of them out.`,
    )
  }
  // As docker: an address is kept for a gateway as long as somebody could be one.
  const isOpen = router === 'host' || (router === 'another' && !request.internal && named === undefined)
  const wanted = given === undefined && isOpen
  const [, broadcast] = unusable(subnet)
  const base = {
    family,
    subnet: printSubnet(subnet),
    prefix: subnet.prefix,
    aux,
    ...(broadcast ? { broadcast } : {}),
    ...(range ? { range: printSubnet(range) } : {}),
  }

  const pool = poolOf({ ...base, ...(given === undefined ? {} : { gateway: given }) })
  const own = wanted ? pool.take() : given
  if (pool.take() === undefined) {
    const what = range ? `${names.ipRange} ${printSubnet(range)}` : `${names.subnet} ${printSubnet(subnet)}`
    throw invalid(
      `${what} is too small: no address is left in it for an endpoint${own === undefined ? '' : ` when ${own} is the gateway`}. Give a larger one.`,
    )
  }
  const gateway = named ?? own
  return {
    ...base,
    ...(own === undefined || router !== 'host' ? {} : { address: own }),
    ...(gateway === undefined ? {} : { gateway }),
  }
}
