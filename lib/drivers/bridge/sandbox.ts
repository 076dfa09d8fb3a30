import { add, holdPorts, releasePorts, remove, removeOwn } from '../../policy/elements.js'
import * as sets from '../../policy/sets.js'
import { familyOf } from '../../base/addresses/ip.js'
import { FAMILIES } from '../../store/network-spec.js'
import type {
  AddressAdd,
  Namespace,
  NetnsCheck,
  Operation,
  Plan,
  RouteAdd,
  RouteDelete,
  SetDefinition,
} from '../../plan/operation.js'
import type { PortMapping } from '../../base/port-mapping.js'
import { noIpv6Address } from './network.js'
import { guardPort, leadFrames } from './port.js'
import type { BridgeEndpoint } from '../../store/endpoint.js'
import { activePorts, gatewayEndpoint } from '../gateway.js'
import { leadAway, leadInside, leadTo } from './leaf.js'
import { deleteLinks, type Leaving } from '../leaving.js'
import { announce, forgetNeighbor } from './neighbors.js'
import { PortPlan } from '../ports.js'
import {
  beginChange,
  beginRemoval,
  endChange,
  endMaking,
  type RecordChange,
  type RecordRemoval,
} from '../record-change.js'

/**
 * Sandboxes on bridge networks: pure functions from what is wanted to a plan. They touch no socket, no clock, no file.
 */

/** What a sandbox on bridges is. */
export interface BridgeSandbox {
  path: string
  /** The namespace was made by somebody else, who will remove it, too. */
  foreign?: boolean
  /** Which one the path leads to, where that is known: what has come in its place is not touched. */
  namespace?: Namespace | undefined
  endpoints: readonly BridgeEndpoint[]
  ports: readonly PortMapping[]
  /** Comment of every element that belongs to it. */
  owner: string
  /** The file that remembers it, and its content. */
  record: { path: string; content: string }
}

/** What the moment adds to the making of an endpoint. */
export interface Circumstances {
  /**
   * Frames may leave by the port they came in: needed for a sandbox to reach its own published port while br_netfilter
   * is on.
   */
  hairpin: boolean
  /** The record of its network, which must be there still when the endpoint is. */
  network?: { path: string; content: string }
}

/**
 * Claims first (ports, name, addresses: each refused when it is taken), then the namespace, then the veth, then what is
 * inside. Nothing is announced before it works: the published port answers once eth0 is up.
 */
export function createSandbox(sandbox: BridgeSandbox, circumstances: Circumstances): Plan {
  const { path, foreign, namespace, endpoints, ports, owner } = sandbox
  const [endpoint] = endpoints
  if (!endpoint) throw new RangeError('a sandbox on a bridge without an endpoint')
  const published = new PortPlan(endpoints, ports, owner)
  return [
    ...claimAll(sandbox, published),
    ...makeStack({ path, foreign, namespace }, endpoint, circumstances, leadTo(endpoint)),
    ...announce(endpoint),
    endMaking(sandbox.record),
  ]
}

/**
 * What a new sandbox claims, each refused when it is taken: host ports, its name, and in one transaction the rest.
 *
 * @param from - The spare namespace that it begins with.
 */
export const claimAll = (sandbox: BridgeSandbox, published: PortPlan, from?: string): Operation[] => [
  ...published.hold(from),
  { op: 'file.create', ...sandbox.record, from },
  ...claimEndpoints(sandbox),
  ...published.publish(),
]

/**
 * A namespace, by its path, or by its name when it is a spare one, with the folder of the record that its sandbox will
 * have.
 */
interface Stack {
  path: string
  foreign?: boolean | undefined
  namespace?: Namespace | undefined
  records?: string
}

/**
 * A namespace on its network, but for the claims: nothing that it sends gets anywhere without them.
 *
 * @param leads - What leads to it from elsewhere on the host: only where its addresses are claimed.
 */
export function makeStack(
  { path, foreign, namespace, records }: Stack,
  endpoint: BridgeEndpoint,
  circumstances: Circumstances,
  leads: readonly Operation[],
): Operation[] {
  return [
    ...(foreign ? checkNamespace({ path, namespace }) : [{ op: 'netns.create', path, records } as const]),
    ...makeLink(path, endpoint, circumstances, records !== undefined),
    ...leads,
    ...(foreign ? [] : [{ op: 'link.set', netns: path, name: 'lo', up: true } as const]),
    ...configureInside(path, endpoint),
    ...FAMILIES.flatMap((family) => defaultRoute('route.add', path, [endpoint], family)),
    ...checkNetwork(circumstances),
    ...settle(endpoint),
  ]
}

/** The claims of a sandbox: what gives it back what a flushed ruleset took from it. */
export function claimSandbox(sandbox: Pick<BridgeSandbox, 'endpoints' | 'ports' | 'owner'>): Operation[] {
  const { endpoints, ports, owner } = sandbox
  return [...claimEndpoints(sandbox), ...new PortPlan(endpoints, activePorts(endpoints, ports), owner).publish()]
}

function claimEndpoints({ endpoints, owner }: Pick<BridgeSandbox, 'endpoints' | 'owner'>): Operation[] {
  const operations: Operation[] = []
  for (const endpoint of endpoints) operations.push(...claimEndpoint(endpoint, owner))
  return operations
}

/**
 * The world sees it gone with the first transaction: no port leads to it, and what it sends is dropped, answers of ARP
 * included. The veths go with the namespace, which the kernel takes down behind our back once nobody holds it; where
 * somebody else does, they are deleted. Its addresses stay claimed until conntrack has forgotten them.
 *
 * @param shared - Others are in the namespace, and stay there.
 */
export function removeSandbox(
  {
    path,
    foreign,
    namespace,
    endpoints,
    ports,
    owner,
    record,
  }: Omit<BridgeSandbox, 'record'> & { record: RecordRemoval },
  shared: boolean,
): Leaving {
  const published = new PortPlan(endpoints, activePorts(endpoints, ports), owner)
  const free = (meant: (set: SetDefinition) => boolean) =>
    endpoints.flatMap((endpoint) => freeEndpoint(endpoint, owner, meant))
  return {
    first: [beginRemoval(record), ...published.unpublish(), ...free((set) => !isClaim(set)), ...published.release()],
    rest: [
      ...endpoints.flatMap(leadAway),
      ...(foreign || shared ? deleteLinks(endpoints.map(({ hostLink }) => hostLink)) : []),
      ...(foreign ? [] : [{ op: 'netns.delete', path, namespace } as const]),
      ...free((set) => isClaim(set) && !isAddress(set)),
      { op: 'file.delete', path: record.path },
    ],
    claims: endpoints.flatMap((endpoint) => freeAddresses(endpoint, owner)),
    ...(foreign || shared ? {} : { links: endpoints.map(({ hostLink }) => hostLink) }),
  }
}

/**
 * One more endpoint for a running sandbox. Where it becomes the way to the world, default route and published ports
 * move.
 */
export function connectEndpoint(sandbox: Change, endpoint: BridgeEndpoint, circumstances: Circumstances): Plan {
  const { path, endpoints, owner, record } = sandbox
  const after = [...endpoints, endpoint]
  const move = movePorts(sandbox, after)
  return [
    ...move.hold,
    record.mark === undefined ? endChange(record) : beginChange(record),
    ...checkNamespace(sandbox),
    ...move.unpublish,
    ...claimEndpoint(endpoint, owner),
    ...move.publish,
    ...move.release,
    ...makeLink(path, endpoint, circumstances),
    ...leadTo(endpoint),
    ...configureInside(path, endpoint),
    ...FAMILIES.flatMap((family) => moveDefaultRoute(path, endpoints, after, family)),
    ...checkNetwork(circumstances),
    ...settle(endpoint),
    ...announce(endpoint),
    // Last: from then on others may change it.
    ...(record.mark === undefined ? [] : [endChange(record)]),
  ]
}

/**
 * Takes an endpoint away. Its addresses take its routes along; the default route and the published ports move to what
 * is left. Nothing of it is asked of the sandbox: what its processes have deleted, moved or lowered is passed over. The
 * link itself goes later, and the claims of its addresses after that.
 */
export function disconnectEndpoint(sandbox: Change, endpoint: BridgeEndpoint): Leaving {
  const { path, endpoints, owner, record } = sandbox
  const after = endpoints.filter((other) => other !== endpoint)
  const move = movePorts(sandbox, after)
  return {
    first: [
      ...move.hold,
      beginChange(record),
      ...checkNamespace(sandbox).map((check) => ({ ...check, optional: true }) as const),
      ...leadAway(endpoint),
      ...move.unpublish,
      ...freeEndpoint(endpoint, owner, (set) => !isClaim(set)),
      ...move.publish,
      ...move.release,
      ...FAMILIES.flatMap((family) => moveDefaultRoute(path, endpoints, after, family)),
      ...addressesInside(path, endpoint).map(
        (address) => ({ ...address, op: 'address.delete', optional: true }) as const,
      ),
      ...freeEndpoint(endpoint, owner, (set) => isClaim(set) && !isAddress(set)),
      endChange(record),
    ],
    rest: deleteLinks([endpoint.hostLink]),
    claims: freeAddresses(endpoint, owner),
  }
}

/**
 * An endpoint whose link is gone, and with it what was inside: all but its claims, and but what leads to it from
 * elsewhere on the host.
 */
export function remakeEndpoint(
  { path, namespace, record }: Pick<Change, 'path' | 'namespace' | 'record'>,
  endpoint: BridgeEndpoint,
  circumstances: Circumstances,
): Plan {
  return [
    beginChange(record),
    ...checkNamespace({ path, namespace }),
    ...makeLink(path, endpoint, circumstances),
    ...configureInside(path, endpoint),
    ...checkNetwork(circumstances),
    ...settle(endpoint),
    endChange(record),
  ]
}

/** A sandbox before one of its endpoints comes or goes. */
export type Change = Pick<BridgeSandbox, 'path' | 'namespace' | 'endpoints' | 'ports' | 'owner'> & {
  record: RecordChange
}

/** The published ports that change their target when endpoints come or go. Host ports that stay mapped stay held. */
function movePorts({ endpoints, ports, owner }: Change, after: readonly BridgeEndpoint[]) {
  const moves = FAMILIES.filter((family) => gatewayEndpoint(endpoints, family) !== gatewayEndpoint(after, family))
  const ofFamily = ({ hostIp }: PortMapping) => moves.includes(familyOf(hostIp))
  const leave = new PortPlan(endpoints, activePorts(endpoints, ports).filter(ofFamily), owner)
  const arrive = new PortPlan(after, activePorts(after, ports).filter(ofFamily), owner)
  const more = arrive.mapped.filter((mapping) => !leave.mapped.includes(mapping))
  const gone = leave.mapped.filter((mapping) => !arrive.mapped.includes(mapping))
  return {
    hold: holdPorts(more),
    unpublish: leave.unpublish(),
    publish: arrive.publish(),
    release: releasePorts(gone),
  }
}

/** More ports for a running sandbox. */
export function publishPorts(sandbox: Change, more: readonly PortMapping[]): Plan {
  const { endpoints, ports, owner, record } = sandbox
  const published = new PortPlan(endpoints, more, owner, () => activePorts(endpoints, ports))
  return [
    ...published.hold(),
    ...(record.mark === undefined ? [] : [beginChange(record)]),
    ...checkNamespace(sandbox),
    ...published.publish(),
    endChange(record),
  ]
}

export function unpublishPorts({ endpoints, ports, owner, record }: Change, gone: readonly PortMapping[]): Plan {
  const rest = () => activePorts(endpoints, ports).filter((mapping) => !gone.includes(mapping))
  const published = new PortPlan(endpoints, activePorts(endpoints, gone), owner, rest)
  return [beginChange(record), ...published.unpublish(), ...published.release(), endChange(record)]
}

export const claimEndpoint = (endpoint: BridgeEndpoint, owner: string): Operation[] =>
  endpointElements(endpoint).map(([set, key]) => add(set, { key, comment: owner }))
const freeEndpoint = (endpoint: BridgeEndpoint, owner: string, meant: (set: SetDefinition) => boolean): Operation[] =>
  endpointElements(endpoint).flatMap(([set, key]) => (meant(set) ? [remove(set, { key, comment: owner })] : []))
const freeAddresses = (endpoint: BridgeEndpoint, owner: string): Operation[] => [
  ...forgetNeighbor(endpoint),
  ...endpointElements(endpoint).flatMap(([set, key]) =>
    isAddress(set) ? [removeOwn(set, { key, comment: owner })] : [],
  ),
]

/**
 * The bridge has a carrier from its first port that forwards on, and passes nothing before the kernel has acted on
 * that.
 */
const settle = ({ hostLink, bridge }: BridgeEndpoint): Operation[] =>
  [hostLink, bridge].map((name) => ({ op: 'link.settle', name }))

/** The claims; the other elements let it send. */
const isClaim = (set: SetDefinition): boolean => sets.isEndpointClaim(set)
const isAddress = (set: SetDefinition): boolean => FAMILIES.some((family) => set === sets.addresses[family])

function endpointElements({
  addresses,
  hostLink,
  mac,
  linkLocal,
  bridge,
  leafOf,
}: BridgeEndpoint): [SetDefinition, string][] {
  const elements: [SetDefinition, string][] = []
  for (const family of FAMILIES) {
    const address = addresses[family]?.address
    if (address === undefined) continue
    elements.push([sets.addresses[family], address], [sets.senders[family], `${hostLink} . ${mac} . ${address}`])
  }
  elements.push([sets.macs, `${leafOf ?? bridge} . ${mac}`])
  if (linkLocal !== undefined) elements.push([sets.senders[6], `${hostLink} . ${mac} . ${linkLocal}`])
  return elements
}

function makeLink(path: string, endpoint: BridgeEndpoint, { hairpin }: Circumstances, spare = false): Operation[] {
  const { hostLink, bridge, mtu, icc, mac } = endpoint
  return [
    {
      op: 'link.create',
      name: hostLink,
      kind: 'veth',
      master: bridge,
      mtu,
      group: icc ? sets.PORT_GROUP : sets.SEPARATED_PORT_GROUP,
      queues: 1,
      peer: { netns: path, name: endpoint.interface, address: mac },
    },
    // No IPv6 at all: of each link that has it, the host has a route to ff00::/8, and walks through all of them for one
    // more.
    { op: 'link.set', name: hostLink, ipv6: false, ...guardPort(hairpin), up: true },
    leadFrames(endpoint, spare),
  ]
}

/**
 * IPv6 addresses are ours to give, link-local included: the kernel's own would be tried out on the network for a second
 * first.
 */
function configureInside(netns: string, endpoint: BridgeEndpoint): Operation[] {
  return [
    { op: 'link.set', netns, name: endpoint.interface, ...noIpv6Address(endpoint), up: true },
    ...addressesInside(netns, endpoint),
    ...leadInside(netns, endpoint),
  ]
}

function addressesInside(netns: string, endpoint: BridgeEndpoint): AddressAdd[] {
  const { interface: link, linkLocal, addresses, leafOf } = endpoint
  const { 4: ipv4, 6: ipv6 } = addresses
  const add = (address: string, rest: { broadcast?: string } = {}): AddressAdd => ({
    op: 'address.add',
    netns,
    link,
    address,
    ...rest,
  })
  return [
    ...(ipv4
      ? [add(`${ipv4.address}/${ipv4.prefix}`, ipv4.broadcast === undefined ? {} : { broadcast: ipv4.broadcast })]
      : []),
    ...(linkLocal === undefined ? [] : [add(`${linkLocal}/64`)]),
    ...(ipv6 ? [add(`${ipv6.address}/${leafOf === undefined ? ipv6.prefix : 128}`)] : []),
  ]
}

function defaultRoute(
  op: 'route.add' | 'route.delete',
  netns: string,
  endpoints: readonly BridgeEndpoint[],
  family: 4 | 6,
): (RouteAdd | RouteDelete)[] {
  const gateway = gatewayEndpoint(endpoints, family)?.addresses[family]?.gateway
  return gateway === undefined ? [] : [{ op, netns, destination: 'default', gateway }]
}

/** The sandbox may have deleted the one, or have a route of its own in place of the other. */
function moveDefaultRoute(
  path: string,
  before: readonly BridgeEndpoint[],
  after: readonly BridgeEndpoint[],
  family: 4 | 6,
): Operation[] {
  if (gatewayEndpoint(before, family) === gatewayEndpoint(after, family)) return []
  return [...defaultRoute('route.delete', path, before, family), ...defaultRoute('route.add', path, after, family)].map(
    (operation) => ({ ...operation, optional: true }) as const,
  )
}

/** Before anything is done in it. */
export const checkNamespace = ({ path, namespace }: Pick<BridgeSandbox, 'path' | 'namespace'>): NetnsCheck[] =>
  namespace ? [{ op: 'netns.check', path, namespace }] : []

/**
 * A network is removed record first: an endpoint whose network still has its record will be seen by whoever removes it.
 */
export const checkNetwork = ({ network }: Circumstances): Operation[] =>
  network ? [{ op: 'file.check', path: network.path, expected: network.content }] : []
