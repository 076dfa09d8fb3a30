import { macs, segments } from '../../policy/sets.js'
import type { Host } from '../../kernel/host.js'
import type { Operation } from '../../plan/operation.js'
import { FAMILIES } from '../../store/network-spec.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import { flag, fields, optional, text, type Shape } from '../../store/shape.js'
import { link } from '../../store/common-shapes.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { EndpointElement, EndpointsOf } from '../driver.js'
import { reattachHostRoutes } from './attach.js'
import { hostRoutesTo } from './host-routes.js'
import { addressesInside, noIpv6Address } from '../inside.js'
import type { SegmentKind } from './kind.js'
import { sparesOn } from './spares.js'
import type { SegmentNetwork } from './spec.js'

/** What an endpoint on a segment has beside what all endpoints have. */
export interface SegmentBody {
  parent: string
  mode: string
  flag?: string
  /** It has a MAC of its own, which it is made with. */
  ownMac: boolean
  /** The host's own link on the segment, by which the host reaches it. */
  shim?: string
}

export type SegmentEndpoint = StoredEndpoint<SegmentBody>

export const endpointShape: Shape = fields({
  body: fields({
    parent: link,
    mode: text('a mode', /^[a-z0-9]{1,16}$/),
    flag: optional(text('a flag', /^[a-z]{1,16}$/)),
    ownMac: flag,
    shim: optional(link),
  }),
})

/** Endpoints whose link is a part of the parent, born inside: nothing of them is on the host. */
export const endpointsOn = (kind: SegmentKind): EndpointsOf<SegmentNetwork, SegmentBody> => ({
  elements({ addresses, mac, body: { parent, ownMac } }) {
    const elements: EndpointElement[] = []
    for (const family of FAMILIES) {
      const address = addresses[family]?.address
      if (address !== undefined) elements.push([segments[family], `${parent} . ${address}`])
    }
    if (ownMac) elements.push([macs, `${parent} . ${mac}`])
    return elements
  },

  // By a MAC of its own, a gateway is told from what is behind it.
  neighbourhood: ({ networkId, body: { mode, ownMac } }) => (ownMac && mode === 'bridge' ? networkId : undefined),

  link: (netns, { interface: name, mac, mtu, body: { parent, mode, flag: ofMode, ownMac } }) => [
    {
      op: 'link.create',
      netns,
      name,
      kind: kind.driver,
      link: parent,
      mode: mode as 'bridge',
      ...(ofMode === undefined ? {} : { flag: ofMode as 'bridge' }),
      ...(ownMac ? { address: mac } : {}),
      mtu,
    },
  ],

  hostRoutes: hostRoutesTo,
  dropHostRoutes: (endpoint) =>
    hostRoutesTo(endpoint).flatMap((operation): Operation[] =>
      operation.op === 'route.add' ? [{ ...operation, op: 'route.delete' }] : [],
    ),

  inside: (netns, endpoint) => [
    { op: 'link.set', netns, name: endpoint.interface, ...noIpv6Address(endpoint), up: true },
    ...addressesInside(netns, endpoint),
  ],
  addresses: addressesInside,
  settle: () => [],
  announce: () => [],
  forget: () => [],
  hostLinks: () => [],
  hostEnd: ({ body }) => body.parent,
  unlink: (netns, gone) => gone.map(({ interface: name }) => ({ op: 'link.delete', netns, name })),

  // By kind and parent: the sandbox may have given its link another name and another MAC, and may have made more such
  // links from it, which are as much on the segment. One link stays for each endpoint that does.
  async unfilteredLinks(endpoint, stay, { host, path, foreign }) {
    const inside = await linksInside(host, path, kind.driver, endpoint.body.parent)
    if (foreign) return inside.filter((link) => likeness(link, endpoint) > 0)
    const kept = new Set<LinkInfo>()
    for (const other of stay) {
      if (other.driver !== kind.driver || (other.body as SegmentBody).parent !== endpoint.body.parent) continue
      const [link] = inside
        .filter((one) => !kept.has(one) && likeness(one, other) > 0)
        .sort((a, b) => likeness(b, other) - likeness(a, other))
      if (link) kept.add(link)
    }
    return inside.filter((link) => !kept.has(link))
  },
  isLinked: async ({ body }, { host, path }) => (await linksInside(host, path, kind.driver, body.parent)).length > 0,
  isUp: () => false,
  attach: reattachHostRoutes,
  rule: () => undefined,
  // Somebody has deleted the parent, and it is there again.
  isNetworkLost: async (host, { operation, errnoName }) =>
    operation.op === 'link.create' &&
    operation.link !== undefined &&
    errnoName === 'ENODEV' &&
    (await host.find('link', { name: operation.link })) !== undefined,
  // By one in mode passthru, or of the other kind: the parent takes no other beside it.
  mayBeHeldByLeavingLink: ({ operation, errnoName }) =>
    operation.op === 'link.create' && operation.link !== undefined && ['EINVAL', 'EBUSY'].includes(errnoName),
  spares: sparesOn(kind),
  routesThrough: ({ shim }, name) => shim?.name === name,
  unpublishable: `sandboxes of ${kind.driver === 'macvlan' ? 'a macvlan' : 'an ipvlan'} network have addresses of their own on the segment of its parent, where all of their ports can be reached`,
})

/** How much a link inside is like that of an endpoint: not at all, by its name, by its MAC, by both. */
const likeness = ({ name, address }: LinkInfo, endpoint: StoredEndpoint): number =>
  ((endpoint.body as SegmentBody).ownMac && address === endpoint.mac ? 2 : 0) + (name === endpoint.interface ? 1 : 0)

/** Links of a kind inside whose parent is a link of the host. */
async function linksInside(host: Host, netns: string, kind: string, parent: string): Promise<LinkInfo[]> {
  const { index } = (await host.find('link', { name: parent })) ?? {}
  const inside = (await host.find('links', { netns })) ?? []
  return inside.filter((link) => link.kind === kind && link.linkElsewhere && link.link === index)
}
