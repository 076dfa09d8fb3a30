import { add, forgetHostConnections, forgetPublishedConnections, holdPorts, publishElements, releasePorts, remove, unpublishElements } from '../firewall/elements.js'
import { networkElements, type NetworkElement } from '../firewall/network-elements.js'
import * as sets from '../firewall/sets.js'
import { macOf } from '../ipam/mac.js'
import type { Operation, Plan } from '../plan/operation.js'
import type { PortMapping } from '../ports/mapping.js'

/**
 * The bridge driver: pure functions from what is wanted to a plan. It touches no socket, no clock, no file.
 */

/** A network on a bridge of this host. */
export interface BridgeNetwork {
  name: string
  /** Name of the bridge: `docker0`. */
  bridge: string
  /** The bridge's own address. */
  address: string
  prefix: number
  /** Network address with prefix: `172.17.0.0/16`. */
  subnet: string
  /** A network of two has none. */
  broadcast?: string
  /** Default gateway of the endpoints. */
  gateway: string
  mtu: number
  /** Sandboxes of the network may talk to each other. */
  icc: boolean
  /** Traffic to the world leaves under the host's address. */
  masquerade: boolean
  /** Where the records of its sandboxes are. */
  stateDir: string
}

/** Alias of a bridge of ours: which network it is, and where the records of its sandboxes are. */
export const bridgeAlias = (network: Pick<BridgeNetwork, 'name' | 'stateDir'>): string => `slipway network ${network.name}, records in ${network.stateDir}`

/** The two halves of {@link bridgeAlias}; `undefined` for the alias of somebody else's bridge. */
export function readBridgeAlias(alias: string): { name: string; stateDir: string } | undefined {
  const [, name, stateDir] = /^slipway network (.+?), records in (.+)$/.exec(alias) ?? []
  return name !== undefined && stateDir !== undefined ? { name, stateDir } : undefined
}

/** An endpoint of a bridge network. */
export interface BridgeEndpoint {
  /** 64 hex digits. */
  id: string
  /** The end of the veth that is a port of the bridge. */
  hostLink: string
  /** The end inside the sandbox. */
  interface: string
  mac: string
  address: string
}

/** What a sandbox on a bridge is. */
export interface BridgeSandbox {
  path: string
  endpoint: BridgeEndpoint
  ports: readonly PortMapping[]
  /** Comment of every element that belongs to it. */
  owner: string
  /** The file that remembers it, and its content. */
  record: { path: string; content: string }
  /** Frames may leave by the port they came in: needed for a sandbox to reach its own published port while br_netfilter is on. */
  hairpin: boolean
}

/** Names that follow from the endpoint's id and address. */
export function bridgeEndpoint(id: string, address: string, mac?: string): BridgeEndpoint {
  return { id, hostLink: `veth${id.slice(0, 11)}`, interface: 'eth0', mac: mac ?? macOf(address), address }
}

export function createNetwork(network: BridgeNetwork): Plan {
  return [
    { op: 'link.create', name: network.bridge, kind: 'bridge', address: macOf(network.address), mtu: network.mtu },
    { op: 'link.set', name: network.bridge, alias: bridgeAlias(network), noIpv6Address: true },
    addressNetwork(network),
    ...finishNetwork(network),
  ]
}

/** What a bridge lacks whose maker has died right after making it. */
export const addressNetwork = (network: BridgeNetwork): Operation => ({
  op: 'address.add',
  link: network.bridge,
  address: `${network.address}/${network.prefix}`,
  ...(network.broadcast ? { broadcast: network.broadcast } : {}),
})

/**
 * The rest of {@link createNetwork}, for a bridge that is there and has its address: left so by a process that died, or
 * by somebody who flushed the ruleset.
 */
export function finishNetwork(network: BridgeNetwork): Plan {
  return [
    { op: 'link.set', name: network.bridge, routeLocalnet: true, up: true },
    { op: 'sysctl.write', key: 'net.ipv4.ip_forward', value: '1' },
    ...elementsOf(network).map(([set, element]) => add(set, { ...element, comment: network.name })),
  ]
}

export function removeNetwork(network: BridgeNetwork): Plan {
  return [
    ...elementsOf(network).map(([set, element]) => remove(set, { ...element, comment: network.name })),
    { op: 'link.delete', name: network.bridge },
  ]
}

const elementsOf = ({ bridge, address, subnet, icc, masquerade }: BridgeNetwork): NetworkElement[] =>
  networkElements({
    bridge,
    mac: macOf(address),
    subnets: [{ family: 4, subnet }],
    families: { 4: { mode: 'nat', masquerade } },
    internal: false,
    icc,
    trusted: [],
  })

/**
 * Claims first (ports, name, address: each refused when it is taken), then the namespace, then the veth, then what is
 * inside. Nothing is announced before it works: the published port answers once eth0 is up.
 */
export function createSandbox(network: BridgeNetwork, sandbox: BridgeSandbox): Plan {
  const { path, endpoint, ports, owner, record } = sandbox
  return [
    ...holdPorts(ports),
    { op: 'file.create', ...record },
    ...claimSandbox({ endpoint, ports, owner }),
    { op: 'netns.create', path },
    {
      op: 'link.create',
      name: endpoint.hostLink,
      kind: 'veth',
      master: network.bridge,
      mtu: network.mtu,
      group: network.icc ? sets.PORT_GROUP : sets.SEPARATED_PORT_GROUP,
      queues: 1,
      peer: { netns: path, name: endpoint.interface, address: endpoint.mac },
    },
    { op: 'link.set', name: endpoint.hostLink, noIpv6Address: true, ...(sandbox.hairpin ? { hairpin: true } : {}), up: true },
    { op: 'link.set', netns: path, name: 'lo', up: true },
    { op: 'link.set', netns: path, name: endpoint.interface, noIpv6Address: true, up: true },
    { op: 'address.add', netns: path, link: endpoint.interface, address: `${endpoint.address}/${network.prefix}`, ...(network.broadcast ? { broadcast: network.broadcast } : {}) },
    { op: 'route.add', netns: path, destination: 'default', gateway: network.gateway },
    { op: 'link.settle', name: endpoint.hostLink },
    ...forgetHostConnections(ports),
  ]
}

/** The claims of a sandbox: one transaction. Alone, what gives a sandbox back what a flushed ruleset took from it. */
export function claimSandbox({ endpoint, ports, owner }: Pick<BridgeSandbox, 'endpoint' | 'ports' | 'owner'>): Plan {
  return [
    ...endpointElements(endpoint).map(([set, key]) => add(set, { key, comment: owner })),
    ...publishElements(ports, { 4: endpoint.address }, owner),
  ]
}

/**
 * The world sees it gone with the first transaction. The veth goes with the namespace, which the kernel takes down
 * behind our back once nobody holds it.
 */
export function removeSandbox(sandbox: Omit<BridgeSandbox, 'hairpin'>): Plan {
  const { path, endpoint, ports, owner, record } = sandbox
  return [
    { op: 'file.check', path: record.path, expected: record.content },
    ...unpublishElements(ports, { 4: endpoint.address }, owner),
    ...endpointElements(endpoint).map(([set, key]) => remove(set, { key, comment: owner })),
    ...releasePorts(ports),
    ...forgetPublishedConnections(ports, endpoint.address),
    { op: 'netns.delete', path },
    { op: 'file.delete', path: record.path },
  ]
}

const endpointElements = (endpoint: BridgeEndpoint) =>
  [
    [sets.addresses[4], endpoint.address],
    [sets.senders[4], `${endpoint.hostLink} . ${endpoint.mac} . ${endpoint.address}`],
  ] as const

/** More ports for a running sandbox. */
export function publishPorts(sandbox: PublishChange): Plan {
  const { ports, address, owner, record } = sandbox
  return [
    ...holdPorts(ports),
    ...publishElements(ports, { 4: address }, owner),
    ...replaceRecord(record),
    ...forgetHostConnections(ports),
  ]
}

export function unpublishPorts(sandbox: PublishChange): Plan {
  const { ports, address, owner, record } = sandbox
  return [
    { op: 'file.check', path: record.path, expected: record.before },
    ...unpublishElements(ports, { 4: address }, owner),
    ...releasePorts(ports),
    ...replaceRecord(record),
    ...forgetPublishedConnections(ports, address),
  ]
}

/** Ports that come or go on a sandbox that stays. */
export interface PublishChange {
  ports: readonly PortMapping[]
  address: string
  owner: string
  record: { path: string; before: string; content: string }
}

const replaceRecord = (record: PublishChange['record']): Operation[] => [
  { op: 'file.replace', path: record.path, content: record.content, expected: record.before },
]
