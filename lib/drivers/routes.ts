import { printSubnet } from '../base/addresses/subnet.js'
import type { RouteAdd, RouteDelete } from '../plan/operation.js'
import { FAMILIES } from '../store/network-spec.js'
import type { SandboxRecord } from '../store/records.js'
import type { RouterRoute } from '../store/router-routes.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { endpointsOf } from './index.js'
import { subnetsOf } from './subnets-of.js'

/**
 * The routes that sandboxes have through routers: to each subnet of each other network of a router that is their
 * neighbour. Pure functions.
 */

/**
 * The metric of the first router that leads to a subnet; further ones have the next. A route that a sandbox adds by
 * itself has 0, or 1024 where it is of IPv6: it wins, and the kernel keeps both.
 */
const FIRST_METRIC = 2048

/** Says whose the routes are, beside those of a sandbox's own: RTA_PROTOCOL, of which nobody else has this number. */
const PROTOCOL = 115

/** A sandbox, as far as its routes go. */
export type Routed = Pick<SandboxRecord, 'id' | 'endpoints' | 'forwarding'>

/** What the neighbours of an endpoint have in common. */
export const neighbourhoodOf = (endpoint: StoredEndpoint): string | undefined =>
  endpointsOf(endpoint).neighbourhood?.(endpoint)

const isSame = (one: RouterRoute, other: RouterRoute): boolean =>
  one.router === other.router && one.on === other.on && one.to === other.to && one.via === other.via

/** Whether a list has a route, whatever is being done about it. */
export const hasRoute = (routes: readonly RouterRoute[], route: RouterRoute): boolean =>
  routes.some((one) => isSame(one, route) && one.metric === route.metric)

/** All that leads through a router. @param known - Those of all routers: what is known of this one keeps its metric. */
export function routesThrough({ id, endpoints, forwarding }: Routed, known: readonly RouterRoute[]): RouterRoute[] {
  const found: RouterRoute[] = []
  if (!forwarding || endpoints.length < 2) return found
  for (const endpoint of endpoints) {
    const on = neighbourhoodOf(endpoint)
    if (on === undefined) continue
    for (const other of endpoints) {
      if (other === endpoint) continue
      for (const family of FAMILIES) {
        const via = endpoint.addresses[family]?.address
        if (via === undefined) continue
        for (const subnet of subnetsOf([other], family)) {
          const route = { on, network: other.networkId, to: printSubnet(subnet), via, metric: 0, router: id }
          const metric = known.find((one) => isSame(one, route))?.metric
          found.push({ ...route, metric: metric ?? freeMetric(route.to, [...known, ...found]) })
        }
      }
    }
  }
  return found
}

/** Two routes to one subnet are two to the kernel where their metrics differ. */
function freeMetric(to: string, taken: readonly RouterRoute[]): number {
  const metrics = new Set(taken.filter((one) => one.to === to).map(({ metric }) => metric))
  for (let metric = FIRST_METRIC; ; metric++) if (!metrics.has(metric)) return metric
}

const NONE: readonly RouterRoute[] = []

/** Those that a sandbox has. What is on a network itself needs no router to it. */
export function routesOf({ id, endpoints }: Routed, known: readonly RouterRoute[]): readonly RouterRoute[] {
  if (known.length === 0 || endpoints.length === 0) return NONE
  const places = endpoints.map(neighbourhoodOf)
  return known.filter(
    ({ state, router, on, network, via }) =>
      state !== 'going' &&
      router !== id &&
      !endpoints.some(({ networkId }) => networkId === network) &&
      endpoints.some(({ addresses }, index) => places[index] === on && addresses[via.includes(':') ? 6 : 4]),
  )
}

/** What changes of a sandbox's routes. */
export interface RouteChange {
  gone: readonly RouterRoute[]
  fresh: readonly RouterRoute[]
}

export const changedRoutes = (before: readonly RouterRoute[], after: readonly RouterRoute[]): RouteChange => ({
  gone: before.length === 0 ? NONE : before.filter((route) => !hasRoute(after, route)),
  fresh: after.length === 0 ? NONE : after.filter((route) => !hasRoute(before, route)),
})

/** No link is named: the sandbox may have renamed it, and the gateway is on one link alone. */
const route = ({ to, via, metric }: RouterRoute) =>
  ({ destination: to, gateway: via, metric, protocol: PROTOCOL }) as const

export const addRoute = (netns: string, one: RouterRoute): RouteAdd => ({ op: 'route.add', netns, ...route(one) })

/** That very route: others to the same subnet are the sandbox's own. */
export const deleteRoute = (netns: string, one: RouterRoute): RouteDelete => ({
  op: 'route.delete',
  netns,
  ...route(one),
})

/** What changes inside. Its processes may have changed routes and links: no call of theirs is refused for it. */
export const moveRoutes = (netns: string, { gone, fresh }: RouteChange): (RouteAdd | RouteDelete)[] =>
  [...gone.map((one) => deleteRoute(netns, one)), ...fresh.map((one) => addRoute(netns, one))].map(
    (operation) => ({ ...operation, optional: true }) as const,
  )

/** What becomes of the routes of all routers where one of them changes, or goes. */
export function changeRouter(router: Routed, known: readonly RouterRoute[]): readonly RouterRoute[] {
  const its = routesThrough(router, known)
  const others = known.filter((one) => one.router !== router.id || !hasRoute(its, one))
  return [
    ...others.map((one): RouterRoute => (one.router === router.id ? { ...one, state: 'going' } : one)),
    ...its.map((one): RouterRoute => {
      const before = known.find((other) => isSame(other, one))
      return before && before.state !== 'going' ? before : { ...one, state: 'coming' }
    }),
  ]
}
