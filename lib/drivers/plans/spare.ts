import type { Plan } from '../../plan/operation.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import type { Circumstances } from '../driver.js'
import { endpointsOf } from '../index.js'
import { PortPlan } from '../ports.js'
import { checkNetwork, claimAll, makeInside, makeStack, routesInside, type NewSandbox } from './create.js'

/** Sandboxes ahead of need: what costs time is made first, and the claims when somebody wants one. */

/** What waits. */
export interface Spare {
  /** Its namespace's name until it has a path. */
  name: string
  endpoint: StoredEndpoint
  /** Refused where somebody has deleted what it is made of. */
  checks: Plan
}

/** @param records - The folder that the record of its sandbox will be in. */
export const makeSpare = (
  name: string,
  records: string,
  endpoint: StoredEndpoint,
  circumstances: Circumstances,
): Plan => makeStack({ path: name, records }, endpoint, circumstances, [])

/**
 * As {@link createSandbox}: the same claims in the same order. The rest is one mount, and where the link was down, what
 * is inside.
 */
export function takeSpare(sandbox: NewSandbox, { name, endpoint, checks }: Spare, circumstances: Circumstances): Plan {
  const { path, endpoints, ports, owner } = sandbox
  const published = new PortPlan(endpoints, ports, owner)
  return [
    ...claimAll(sandbox, published, name),
    ...endpointsOf(endpoint).hostRoutes(endpoint),
    ...checks,
    { op: 'netns.bind', path, from: name },
    ...(endpointsOf(endpoint).spares?.quiet ? makeInside(name, endpoint) : []),
    ...routesInside(name, sandbox),
    ...checkNetwork(circumstances),
    // Last, as it cannot be taken back.
    { op: 'netns.delete', path: name },
  ]
}
