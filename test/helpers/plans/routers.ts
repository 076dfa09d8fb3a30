import { connectEndpoint, disconnectEndpoint } from '#lib/drivers/plans/connect.js'
import { createSandbox } from '#lib/drivers/plans/create.js'
import { removeSandbox } from '#lib/drivers/plans/remove.js'
import { takeSpare } from '#lib/drivers/plans/spare.js'
import { changedRoutes, changeRouter, routesOf, type Routed } from '#lib/drivers/routes.js'
import type { Plan } from '#lib/plan/operation.js'
import type { StoredEndpoint } from '#lib/store/endpoint.js'
import { printRoutes, type RouterRoute } from '#lib/store/router-routes.js'
import { inParts } from './in-parts.js'
import { changeOf, circumstancesOf, endpointOn, idOf, networkOf, sandboxOf } from './specs.js'

/** A router between two networks, and sandboxes that have routes through it. */

const [left, right] = [1, 2].map((number) =>
  networkOf(number === 1 ? 'left' : 'right', {
    ipv6: true,
    subnets: [{ subnet: `10.${number}.0.0/24` }, { subnet: `fd00:${number}::/64` }],
  }),
) as [ReturnType<typeof networkOf>, ReturnType<typeof networkOf>]

const at = (last: number) => ({ ip: `10.1.0.${last}`, ip6: `fd00:1::${last}` })
const near = endpointOn(left, at(2))
const far = endpointOn(right, {}, [near])

const routed = (name: string, endpoints: readonly StoredEndpoint[], forwarding = false): Routed => ({
  id: idOf(name),
  endpoints: [...endpoints],
  ...(forwarding ? { forwarding } : {}),
})

const PATH = '/run/slipway/4026531840/routes.json'
const become = (routes: readonly RouterRoute[], before?: readonly RouterRoute[]): Plan => [
  before
    ? { op: 'file.replace', path: PATH, content: printRoutes(routes), expected: printRoutes(before) }
    : { op: 'file.create', path: PATH, content: printRoutes(routes) },
]

const coming = changeRouter(routed('router', [near, far], true), [])
const known = coming.map(({ state: _, ...route }) => route)
const going = changeRouter(routed('router', [near], true), known)

const one = endpointOn(left, at(3))
const routes = routesOf(routed('one', [one]), known)
const beside = endpointOn(right, {}, [one])
const router = { forwarding: true }

export const routers: Readonly<Record<string, Readonly<Record<string, Plan>>>> = {
  'router-comes-and-goes': {
    'connect right router': connectEndpoint(
      { ...changeOf([near], [], [near, far]), ...router, routes: { known: become(coming) } },
      far,
      circumstancesOf(right),
    ),
    ...inParts(
      'disconnect right router',
      disconnectEndpoint(
        { ...changeOf([near, far], [], [near]), ...router, routes: { known: become(going, known) } },
        far,
      ),
    ),
    ...inParts('rm router', removeSandbox({ ...sandboxOf([near, far]), ...router, rerouted: become(going, known) })),
  },
  'routes-through-router': {
    'create app --network left': createSandbox({ ...sandboxOf([one]), routes }, circumstancesOf(left)),
    'create app --network left, from the pool': takeSpare(
      { ...sandboxOf([one]), routes },
      { name: 'veth6c656674', endpoint: one, checks: [] },
      circumstancesOf(left),
    ),
    'connect right app': connectEndpoint(
      {
        ...changeOf([one], [], [one, beside]),
        routes: { own: changedRoutes(routes, routesOf(routed('one', [one, beside]), known)) },
      },
      beside,
      circumstancesOf(right),
    ),
    ...inParts(
      'disconnect right app',
      disconnectEndpoint(
        {
          ...changeOf([one, beside], [], [one]),
          routes: { own: changedRoutes(routesOf(routed('one', [one, beside]), known), routes) },
        },
        beside,
      ),
    ),
  },
}
