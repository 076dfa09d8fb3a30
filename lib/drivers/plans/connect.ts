import { holdPorts, releasePorts } from '../../policy/elements.js'
import { familyOf } from '../../base/addresses/ip.js'
import { FAMILIES } from '../../store/network-spec.js'
import type { Operation, Plan } from '../../plan/operation.js'
import type { PortMapping } from '../../base/port-mapping.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import type { Circumstances } from '../driver.js'
import { activePorts, gatewayEndpoint } from '../gateway.js'
import { endpointsOf } from '../index.js'
import { changedNearer } from '../nearer.js'
import type { RemovalPlans } from '../removal-plans.js'
import { PortPlan } from '../ports.js'
import { moveRoutes } from '../routes.js'
import { changePassing, forwardInside } from '../transit.js'
import { beginChange, endChange, type RecordChange } from '../record-change.js'
import { checkNamespace, type StackPlace } from '../stack.js'
import {
  claimEndpoint,
  freeAddresses,
  freeEndpoint,
  isAddress,
  isClaim,
  type Claimant,
  type RouteMoves,
} from './claims.js'
import { checkNetwork } from './create.js'
import { defaultRoute, moveDefaultRoute } from './default-route.js'

/** Endpoints that come and go on a sandbox that stays. */

/** A sandbox before one of its endpoints or ports comes or goes. */
export type Change = Claimant & Pick<StackPlace, 'path' | 'namespace'> & { record: RecordChange; routes?: RouteMoves }

/**
 * One more endpoint for a running sandbox. Where it becomes the way to the world, default route and published ports
 * move.
 */
export function connectEndpoint(sandbox: Change, endpoint: StoredEndpoint, circumstances: Circumstances): Plan {
  const { path, endpoints, owner, record, forwarding = false, routes = {} } = sandbox
  const after = [...endpoints, endpoint]
  const move = movePorts(sandbox, after)
  const of = endpointsOf(endpoint)
  return [
    ...move.hold,
    record.mark === undefined ? endChange(record) : beginChange(record),
    ...checkNamespace(sandbox),
    ...(routes.known ?? []),
    ...move.unpublish,
    ...claimEndpoint(endpoint, owner),
    ...changePassing(endpoints, after, forwarding, owner),
    ...move.publish,
    ...move.release,
    ...of.link(path, endpoint, circumstances, false),
    ...of.hostRoutes(endpoint),
    ...of.inside(path, endpoint),
    ...forwardInside(path, endpoint, forwarding),
    ...FAMILIES.flatMap((family) => moveDefaultRoute(path, endpoints, after, family)),
    ...(routes.own ? moveRoutes(path, routes.own) : []),
    ...checkNetwork(circumstances),
    ...of.settle(endpoint),
    ...of.announce(endpoint),
    // Last: from then on others may change it.
    ...(record.mark === undefined ? [] : [endChange(record)]),
  ]
}

/**
 * Takes an endpoint away. Its addresses take its routes along; the default route and the published ports move to what
 * is left. Nothing of it is asked of the sandbox: what its processes have deleted, moved or lowered is passed over. The
 * link itself goes later, and the claims of its addresses after that.
 */
export function disconnectEndpoint(
  sandbox: Change,
  endpoint: StoredEndpoint,
  unfiltered: readonly Operation[] = [],
): RemovalPlans {
  const { path, endpoints, owner, record, forwarding = false, routes = {} } = sandbox
  const after = endpoints.filter((other) => other !== endpoint)
  const move = movePorts(sandbox, after)
  const of = endpointsOf(endpoint)
  return {
    first: [
      ...move.hold,
      beginChange(record),
      ...checkNamespace(sandbox).map((check) => ({ ...check, optional: true }) as const),
      ...(routes.known ?? []),
      ...of.dropHostRoutes(endpoint),
      ...move.unpublish,
      ...freeEndpoint(endpoint, owner, (set) => !isClaim(set)),
      ...changePassing(endpoints, after, forwarding, owner),
      ...move.publish,
      ...move.release,
      ...FAMILIES.flatMap((family) => moveDefaultRoute(path, endpoints, after, family)),
      ...(routes.own ? moveRoutes(path, routes.own) : []),
      ...of.addresses(path, endpoint).map((address) => ({ ...address, op: 'address.delete', optional: true }) as const),
      ...freeEndpoint(endpoint, owner, (set) => isClaim(set) && !isAddress(set)),
      // It is not taken back.
      ...unfiltered,
      endChange(record),
    ],
    rest: of.unfilteredLinks ? [] : of.unlink(path, [endpoint]),
    claims: freeAddresses(endpoint, owner),
  }
}

/**
 * An endpoint whose link is gone, and with it what was inside: all but its claims, and but what leads to it from
 * elsewhere on the host.
 *
 * @param endpoints - All of the sandbox.
 * @param renamed - Links inside whose other end has another name by now.
 */
export function remakeEndpoint(
  { path, namespace, record, routes }: Pick<Change, 'path' | 'namespace' | 'record' | 'routes'>,
  endpoint: StoredEndpoint,
  circumstances: Circumstances,
  endpoints: readonly StoredEndpoint[],
  renamed: readonly { name: string; index: number }[] = [],
): Plan {
  const of = endpointsOf(endpoint)
  return [
    beginChange(record),
    ...checkNamespace({ path, namespace }),
    ...renamed.map(({ name, index }) => ({ op: 'link.delete', netns: path, name, index }) as const),
    ...of.link(path, endpoint, circumstances, false),
    ...of.inside(path, endpoint),
    // Here, too, as a process that is killed after this plan leaves nothing that says so. The sandbox may have another.
    ...FAMILIES.filter((family) => gatewayEndpoint(endpoints, family)?.id === endpoint.id)
      .flatMap((family) => defaultRoute('route.add', path, endpoints, family))
      .map((route) => ({ ...route, optional: true }) as const),
    ...(routes?.own ? moveRoutes(path, routes.own) : []),
    ...checkNetwork(circumstances),
    ...of.settle(endpoint),
    endChange(record),
  ]
}

/** The published ports that change their target when endpoints come or go. Host ports that stay mapped stay held. */
function movePorts({ endpoints, ports, owner }: Change, after: readonly StoredEndpoint[]) {
  const moves = FAMILIES.filter((family) => gatewayEndpoint(endpoints, family) !== gatewayEndpoint(after, family))
  const ofFamily = ({ hostIp }: PortMapping) => moves.includes(familyOf(hostIp))
  const leave = new PortPlan(endpoints, activePorts(endpoints, ports).filter(ofFamily), owner)
  const arrive = new PortPlan(after, activePorts(after, ports).filter(ofFamily), owner)
  const more = arrive.mapped.filter((mapping) => !leave.mapped.includes(mapping))
  const gone = leave.mapped.filter((mapping) => !arrive.mapped.includes(mapping))
  const stays = FAMILIES.filter((family) => !moves.includes(family))
  const { gone: farther, fresh: nearer } = changedNearer(endpoints, after, ports, stays, owner)
  return {
    hold: holdPorts(more),
    unpublish: [...leave.unpublish(), ...farther],
    publish: [...arrive.publish(), ...nearer],
    release: releasePorts(gone),
  }
}
