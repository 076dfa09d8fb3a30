import type { Plan } from '../../plan/operation.js'
import { checkNetwork, claimAll, makeStack, type BridgeSandbox, type Circumstances } from './sandbox.js'
import type { BridgeEndpoint } from '../../store/endpoint.js'
import { leadTo } from './leaf.js'
import { PortPlan } from '../ports.js'

/**
 * Sandboxes ahead of need: what costs time is made first, and the claims when somebody wants one. Pure functions, as
 * the drivers' are.
 */

/** What waits. */
export interface Spare {
  /** Its namespace's name until it has a path. */
  name: string
  endpoint: BridgeEndpoint
  /** Numbers of its bridge and of its link there. */
  bridgeIndex: number
  linkIndex: number
}

/** @param records - The folder that the record of its sandbox will be in. */
export const makeSpare = (
  name: string,
  records: string,
  endpoint: BridgeEndpoint,
  circumstances: Circumstances,
): Plan => makeStack({ path: name, records }, endpoint, circumstances, [])

/** As the bridge driver's `createSandbox`: the same claims in the same order. The rest is one mount. */
export function takeSpare(
  sandbox: BridgeSandbox,
  { name, endpoint, bridgeIndex, linkIndex }: Spare,
  circumstances: Circumstances,
): Plan {
  const { path, endpoints, ports, owner } = sandbox
  const published = new PortPlan(endpoints, ports, owner)
  return [
    ...claimAll(sandbox, published, name),
    ...leadTo(endpoint),
    // Somebody may have deleted the bridge or the link since.
    { op: 'link.check', name: endpoint.bridge, index: bridgeIndex },
    { op: 'link.check', name: endpoint.hostLink, index: linkIndex },
    { op: 'netns.bind', path, from: name },
    ...checkNetwork(circumstances),
    // Last, as it cannot be taken back.
    { op: 'netns.delete', path: name },
  ]
}
