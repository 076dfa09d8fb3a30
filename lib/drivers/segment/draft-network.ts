import { invalid, SlipwayError } from '../../base/errors.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import type { Settings } from '../../base/settings.js'
import { poolOf } from '../../claims/addresses/pool-of-subnet.js'
import { FAMILIES } from '../../store/network-spec.js'
import { LONGEST_ALIAS, linkAlias } from '../link-alias.js'
import type { NetworkDraft, NetworkRequest, HostView } from '../networks-of.js'
import type { SegmentKind } from './kind.js'
import { readSegmentOptions, type SegmentOptions } from './options.js'
import { vlanAlias } from './parent.js'
import { dummyOf, readVlan, shimOf, type SegmentNetwork } from './spec.js'

/** What a network on a segment will be, from what somebody asks for. */

/** See `NetworksOf.check`. */
export function checkSegment(
  kind: SegmentKind,
  { name, internal, options, subnets }: NetworkRequest,
  { stateDir }: Pick<Settings, 'stateDir'>,
): SegmentOptions {
  const tooLong = Buffer.byteLength(linkAlias({ name, stateDir })) - LONGEST_ALIAS
  if (tooLong > 0)
    throw invalid(
      `name ${name} is too long by ${tooLong} characters: the alias of its links holds it and stateDir (${stateDir}). Choose a shorter name, or open with a shorter stateDir.`,
    )
  const read = readSegmentOptions(kind, options)
  const { driver, connected, shims } = kind
  if (connected.includes(read.mode) && subnets.some(({ gateway }) => gateway !== undefined))
    throw invalid(
      `subnets: a gateway does not go with ${driver}_mode ${read.mode}: all of the world is behind the link there, and the host routes. Leave gateway out, or use mode ${kind.modes[0]}.`,
    )
  if (read.hostShim && !shims.includes(read.mode))
    throw invalid(
      `options: host_shim does not go with ${driver}_mode ${read.mode}: the host's own link would not reach the sandboxes' there. Use mode ${shims.join(' or ')}, or leave host_shim out.`,
    )
  if (read.hostShim && internal)
    throw invalid(
      'options: host_shim does not go with internal: nothing but the sandboxes is there. Leave one of them out.',
    )
  return read
}

/** See `NetworksOf.draft`. @throws {SlipwayError} `INVALID_ARGUMENT`, `NOT_FOUND`, `CONFLICT` */
export async function draftSegment(
  kind: SegmentKind,
  request: NetworkRequest,
  on: HostView,
  settings: Settings,
): Promise<NetworkDraft<SegmentNetwork>> {
  const options = checkSegment(kind, request, settings)
  const { parent, mode, flag, hostShim, interfacePrefix } = options
  const made = await howMade(kind, parent, on, settings)
  // Where two make it at once, the second is refused, and drafted again.
  const joined = made === 'vlan' && parent !== undefined && (await on.link(parent)) !== undefined
  if (parent !== undefined) await refuseShared(kind, parent, mode, on)
  const width = await widthOf(parent, on)
  const mtu = options.mtu ?? width
  if (parent !== undefined && mtu > width)
    throw invalid(
      `options: com.docker.network.driver.mtu ${mtu} is wider than the parent ${parent}, which takes ${width} bytes. Give that or less.`,
    )
  const router = kind.connected.includes(mode) ? 'nobody' : 'named'
  return {
    mtu,
    interfacePrefix,
    hostIps: {},
    router: { 4: router, 6: router },
    // The segment is its owner's: the host may have an address there, and other networks may be on other segments.
    mayOverlap: ({ network, claimed }) => claimed === undefined && (network === undefined || isOfSegment(network)),
    ...(parent === undefined ? { internal: true } : {}),
    complete: (head) => ({
      ...head,
      ...(hostShim ? { subnets: withShim(head.subnets) } : {}),
      parent: parent ?? dummyOf(kind.dummyPrefix, head.id),
      ...(made === undefined ? {} : { made }),
      ...(joined ? { joined } : {}),
      mode,
      ...(flag === undefined ? {} : { flag }),
      ...(hostShim ? { shim: { name: shimOf(head.id), addresses: shimAddresses(head.subnets) } } : {}),
    }),
  }
}

const isOfSegment = (network: object): boolean => 'parent' in network

/** Kinds of links that have a port to themselves: the kernel refuses a part of such a port. */
const TAKES_ALL = ['bridge', 'bond', 'team', 'openvswitch']

/** Whether the parent is ours to make. */
async function howMade(
  kind: SegmentKind,
  parent: string | undefined,
  on: HostView,
  { stateDir }: Settings,
): Promise<SegmentNetwork['made']> {
  if (parent === undefined) return 'dummy'
  const there = await on.link(parent)
  if (there) {
    const master = await on.masterOf(there)
    if (master && TAKES_ALL.includes(master.kind))
      throw new SlipwayError(
        'CONFLICT',
        `options: parent ${parent} is a port of the ${master.kind} ${master.name}, which takes all that comes in there. Use another parent, for example ${master.name} itself.`,
      )
    return there.alias === vlanAlias(kind, stateDir) ? 'vlan' : undefined
  }
  const vlan = readVlan(parent)
  if (vlan && (await on.link(vlan.link))) return 'vlan'
  const [, below = '', number = ''] = /^([^.]+)\.(\d*)$/.exec(parent) ?? []
  if (!vlan && (await on.link(below)))
    throw invalid(
      `options: parent ${parent} names no VLAN of ${below}: ${number === '' ? 'a number is missing' : 'their numbers are 1 to 4094, without zeros before them'}. ${below}.50 is VLAN 50.`,
    )
  throw new SlipwayError(
    'NOT_FOUND',
    vlan
      ? `options: parent ${parent} is VLAN ${vlan.id} of the link ${vlan.link}, which this host does not have. ip link shows what there is.`
      : `options: parent ${parent} is no link of this host. ip link shows what there is; a VLAN of one is named with its number, as in eth0.50.`,
  )
}

/** Bytes that fit on the parent. A link to nowhere takes what is usual. */
async function widthOf(parent: string | undefined, on: HostView): Promise<number> {
  if (parent === undefined) return 1500
  const there = (await on.link(parent)) ?? (await on.link(readVlan(parent)?.link ?? ''))
  return there?.mtu ?? 1500
}

/** The kernel would refuse the first sandbox: that is said before it comes. */
async function refuseShared(kind: SegmentKind, parent: string, mode: string, on: HostView): Promise<void> {
  for (const network of await on.networks()) {
    const other = network as SegmentNetwork
    if (other.parent !== parent) continue
    if (other.driver !== kind.driver)
      throw new SlipwayError(
        'CONFLICT',
        `options: parent ${parent} has the network ${other.name} of the driver ${other.driver}, and a link can be the parent of one kind only. Use another parent, for example a VLAN of it.`,
      )
    if (!kind.sharesParent || kind.alone.includes(mode) || kind.alone.includes(other.mode))
      throw new SlipwayError(
        'CONFLICT',
        `options: parent ${parent} has the network ${other.name} already, and ${kind.sharesParent ? 'mode passthru has it to itself' : `a parent has one ${kind.driver} network, which may have several subnets`}. Use another parent, for example a VLAN of it.`,
      )
  }
}

/** An address of each subnet's is kept for the host. */
function withShim(subnets: readonly NetworkSubnet[]): NetworkSubnet[] {
  const addresses = shimAddresses(subnets)
  return subnets.map((subnet) => {
    const address = addresses[subnet.family]
    return address === undefined || subnets.find(({ family }) => family === subnet.family) !== subnet
      ? subnet
      : { ...subnet, aux: { ...subnet.aux, [SHIM]: address } }
  })
}

const SHIM = 'host shim'

/** The first free address of each IP version. */
function shimAddresses(subnets: readonly NetworkSubnet[]): Partial<Record<IpFamily, string>> {
  const found: Partial<Record<IpFamily, string>> = {}
  for (const family of FAMILIES) {
    const subnet = subnets.find((one) => one.family === family)
    const pool = subnet && poolOf(subnet)
    const address = subnet?.aux[SHIM] ?? pool?.take()
    if (subnet && address === undefined)
      throw new SlipwayError(
        'EXHAUSTED',
        `No address is left in ${subnet.range ?? subnet.subnet} for the host. Give a larger one, or leave host_shim out.`,
      )
    const others = subnets.filter((one) => one.family === family && one !== subnet)
    if (subnet && [pool, ...others.map(poolOf)].every((one) => one?.take() === undefined))
      throw new SlipwayError(
        'EXHAUSTED',
        `With host_shim, the host takes ${address}, and no address is left in ${subnet.range ?? subnet.subnet} for a sandbox. Give a larger one, or leave host_shim out.`,
      )
    if (address !== undefined) found[family] = address
  }
  return found
}
