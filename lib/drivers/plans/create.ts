import { FAMILIES } from '../../store/network-spec.js'
import type { Operation, Plan } from '../../plan/operation.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import type { RouterRoute } from '../../store/router-routes.js'
import type { Circumstances } from '../driver.js'
import { endpointsOf } from '../index.js'
import { PortPlan } from '../ports.js'
import { endMaking } from '../record-change.js'
import { moveRoutes } from '../routes.js'
import { forwardInside } from '../transit.js'
import { checkNamespace, type StackPlace } from '../stack.js'
import { claimEndpoints, type Claimant } from './claims.js'
import { defaultRoute } from './default-route.js'

/** The making of sandboxes: pure functions from what is wanted to a plan. */

/** A sandbox that is to be. */
export interface NewSandbox extends Claimant, StackPlace {
  /** The file that remembers it, and its content. */
  record: { path: string; content: string }
  /** Those that it has through routers on its network. */
  routes?: readonly RouterRoute[] | undefined
}

/**
 * Claims first (ports, name, addresses: each refused when it is taken), then the namespace, then the link, then what is
 * inside. Nothing is announced before it works: the published port answers once the link inside is up.
 *
 * @param circumstances - Of its endpoint, where it has one.
 */
export function createSandbox(sandbox: NewSandbox, circumstances?: Circumstances): Plan {
  const { path, foreign, namespace, endpoints, ports, owner } = sandbox
  const [endpoint] = endpoints
  return [
    ...claimAll(sandbox, new PortPlan(endpoints, ports, owner)),
    ...makeStack({ path, foreign, namespace }, endpoint, circumstances, endpoint ? hostRoutesOf(endpoint) : []),
    ...routesInside(path, sandbox),
    ...forwardInside(path, endpoint, sandbox.forwarding ?? false),
    ...(endpoint ? endpointsOf(endpoint).announce(endpoint) : []),
    endMaking(sandbox.record),
  ]
}

/**
 * What a new sandbox claims, each refused when it is taken: host ports, its name, and in one transaction the rest.
 *
 * @param from - The spare namespace that it begins with.
 */
export const claimAll = (sandbox: NewSandbox, published: PortPlan, from?: string): Operation[] => [
  ...published.hold(from),
  { op: 'file.create', ...sandbox.record, ...(from === undefined ? {} : { from }) },
  ...claimEndpoints(sandbox),
  ...published.publish(),
]

/** The routes that a new sandbox has through routers. */
export const routesInside = (netns: string, { routes = [] }: Pick<NewSandbox, 'routes'>): Operation[] =>
  routes.length === 0 ? [] : moveRoutes(netns, { gone: [], fresh: routes })

const hostRoutesOf = (endpoint: StoredEndpoint): Operation[] => endpointsOf(endpoint).hostRoutes(endpoint)

/**
 * A namespace on its network, but for the claims: nothing that it sends gets anywhere without them.
 *
 * @param place - By its path, or by its name when it is a spare one: with the folder of the record that its sandbox
 * will have.
 * @param hostRoutes - What leads to it from elsewhere on the host: only where its addresses are claimed.
 */
export function makeStack(
  { path, foreign, namespace, records }: StackPlace & { records?: string },
  endpoint: StoredEndpoint | undefined,
  circumstances: Circumstances | undefined,
  hostRoutes: readonly Operation[],
): Operation[] {
  const of = endpoint && endpointsOf(endpoint)
  const isQuiet = records !== undefined && of?.spares?.quiet === true
  return [
    ...(foreign ? checkNamespace({ path, namespace }) : [{ op: 'netns.create', path, records } as const]),
    ...(of && circumstances ? of.link(path, endpoint, circumstances, records !== undefined) : []),
    ...hostRoutes,
    ...(foreign ? [] : [{ op: 'link.set', netns: path, name: 'lo', up: true } as const]),
    ...(endpoint && !isQuiet ? makeInside(path, endpoint) : []),
    ...(circumstances ? checkNetwork(circumstances) : []),
    ...(of ? of.settle(endpoint) : []),
  ]
}

/** What is inside of a sandbox that has one endpoint: its link goes up. */
export const makeInside = (netns: string, endpoint: StoredEndpoint): Operation[] => [
  ...endpointsOf(endpoint).inside(netns, endpoint),
  ...FAMILIES.flatMap((family) => defaultRoute('route.add', netns, [endpoint], family)),
]

/**
 * A network is removed record first: an endpoint whose network still has its record will be seen by whoever removes it.
 */
export const checkNetwork = ({ network }: Circumstances): Operation[] =>
  network ? [{ op: 'file.check', path: network.path, expected: network.content }] : []
