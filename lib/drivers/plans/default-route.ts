import type { Operation, RouteAdd, RouteDelete } from '../../plan/operation.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import { gatewayEndpoint } from '../gateway.js'

/** The default route of a sandbox: through the endpoint that leads to the world, unless others are to set it. */
export function defaultRoute(
  op: 'route.add' | 'route.delete',
  netns: string,
  endpoints: readonly StoredEndpoint[],
  family: 4 | 6,
): (RouteAdd | RouteDelete)[] {
  const endpoint = gatewayEndpoint(endpoints, family)
  if (endpoint?.asked.defaultRoute === false) return []
  const { gateway, connected } = endpoint?.addresses[family] ?? {}
  if (endpoint && connected) return [{ op, netns, destination: 'default', link: endpoint.interface, family }]
  return gateway === undefined ? [] : [{ op, netns, destination: 'default', gateway }]
}

/** The sandbox may have deleted the one, or have a route of its own in place of the other. */
export function moveDefaultRoute(
  path: string,
  before: readonly StoredEndpoint[],
  after: readonly StoredEndpoint[],
  family: 4 | 6,
): Operation[] {
  if (gatewayEndpoint(before, family) === gatewayEndpoint(after, family)) return []
  return [...defaultRoute('route.delete', path, before, family), ...defaultRoute('route.add', path, after, family)].map(
    (operation) => ({ ...operation, optional: true }) as const,
  )
}
