import {
  PORT_GROUP,
  SEPARATED_PORT_GROUP,
  addresses as addressSets,
  bridges,
  macs,
  senders,
  transit,
} from '../../policy/sets.js'
import type { AddressAdd, Operation } from '../../plan/operation.js'
import { FAMILIES } from '../../store/network-spec.js'
import { leafNumber } from './leaf-name.js'
import type { EndpointElement, EndpointsOf } from '../driver.js'
import { addressesInside, noIpv6Address } from '../inside.js'
import { deleteLinks } from '../removal-plans.js'
import { attachLinks, offOf } from './attach-links.js'
import type { BridgeBody, BridgeEndpoint } from './endpoint.js'
import { dropHostRoutes, routesInside, hostRoutesTo } from './leaf.js'
import { lostBridge } from './lost-bridge.js'
import { announce, forgetNeighbor } from './neighbors.js'
import { guardPort, fdbEntry } from './port.js'
import { spares } from './spares.js'
import type { BridgeNetwork } from './spec.js'

/** What this process has found of the host when it began to use a network. */
export interface BridgeMoment {
  /**
   * Frames may leave by the port they came in: needed for a sandbox to reach its own published port while br_netfilter
   * is on.
   */
  hairpin: boolean
}

/** Endpoints of bridge networks: a veth, its end on the host a port of the bridge. */
export const endpoints: EndpointsOf<BridgeNetwork, BridgeBody> = {
  elements({ addresses, mac, linkLocal, body: { hostLink, bridge, leafOf } }) {
    const elements: EndpointElement[] = []
    for (const family of FAMILIES) {
      const address = addresses[family]?.address
      if (address === undefined) continue
      elements.push([addressSets[family], address], [senders[family], `${hostLink} . ${mac} . ${address}`])
    }
    elements.push([macs, `${leafOf ?? bridge} . ${mac}`])
    if (linkLocal !== undefined) elements.push([senders[6], `${hostLink} . ${mac} . ${linkLocal}`])
    return elements
  },

  passesOn: ({ mac, body: { hostLink } }, sources) =>
    sources.map(([family, subnet]) => [transit[family], `${hostLink} . ${mac} . ${subnet}`]),

  // The bridge of a leaf answers for all others there, and without icc it passes nothing on between them.
  neighbourhood: ({ body: { bridge, leafOf, icc } }) => (icc && leafOf === undefined ? bridge : undefined),

  link(netns, endpoint, { moment }, spare): Operation[] {
    const { hairpin } = moment as BridgeMoment
    const { mtu, mac } = endpoint
    const { hostLink, bridge, icc } = endpoint.body
    return [
      {
        op: 'link.create',
        name: hostLink,
        kind: 'veth',
        master: bridge,
        mtu,
        group: icc ? PORT_GROUP : SEPARATED_PORT_GROUP,
        queues: 1,
        peer: { netns, name: endpoint.interface, address: mac },
      },
      // No IPv6 at all: of each link that has it, the host has a route to ff00::/8, and walks through all of them for
      // one more.
      { op: 'link.set', name: hostLink, ipv6: false, ...guardPort(hairpin), up: true },
      fdbEntry(endpoint, spare),
    ]
  },

  hostRoutes: hostRoutesTo,
  dropHostRoutes,

  /**
   * IPv6 addresses are ours to give, link-local included: the kernel's own would be tried out on the network for a
   * second first.
   */
  inside: (netns, endpoint) => [
    { op: 'link.set', netns, name: endpoint.interface, ...noIpv6Address(endpoint), up: true },
    ...addresses(netns, endpoint),
    ...routesInside(netns, endpoint),
  ],
  addresses,

  /**
   * The bridge has a carrier from its first port that forwards on, and passes nothing before the kernel has acted on
   * that.
   */
  settle: ({ body: { hostLink, bridge } }) => [hostLink, bridge].map((name) => ({ op: 'link.settle', name })),
  announce,
  forget: forgetNeighbor,
  hostLinks: ({ body }) => [body.hostLink],
  hostEnd: ({ body }) => body.hostLink,
  unlink: (_, gone) => deleteLinks(gone.map(({ body }) => body.hostLink)),

  isLinked: ({ body: { hostLink } }, { host }, links) =>
    links ? links.has(hostLink) : host.find('link', { name: hostLink }).then((link) => link !== undefined),
  offOf,
  isUp: ({ body }, links) => links.get(body.hostLink)?.carrier ?? false,
  rule: ({ body }) => [bridges, body.bridge],
  isNetworkLost: lostBridge,
  routesThrough: (spec, link) => link === spec.bridge || leafNumber(spec, link) !== undefined,
  attach: attachLinks,
  spares,
}

/** The bridge of a leaf is the only neighbour there. */
function addresses(netns: string, endpoint: BridgeEndpoint): AddressAdd[] {
  return addressesInside(netns, endpoint, endpoint.body.leafOf === undefined ? undefined : 128)
}
