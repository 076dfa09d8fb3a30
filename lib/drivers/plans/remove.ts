import type { Operation, Plan, SetDefinition } from '../../plan/operation.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import { activePorts } from '../gateway.js'
import { endpointsOf } from '../index.js'
import type { RemovalPlans } from '../removal-plans.js'
import { PortPlan } from '../ports.js'
import { changePassing } from '../transit.js'
import { beginRemoval, type RecordChange, type RecordRemoval } from '../record-change.js'
import { dropStack, type StackPlace } from '../stack.js'
import { freeAddresses, freeEndpoint, isAddress, isClaim, type Claimant } from './claims.js'

/** A sandbox that is to go. */
export interface GoingSandbox extends Claimant, StackPlace {
  record: RecordRemoval
  /** Others are in the namespace, and stay there. */
  shared?: boolean
  /** Its links that no rule keeps from the network. */
  unfiltered?: readonly Operation[]
  /** Of a router: what makes known that no routes lead through it any more. */
  rerouted?: Plan | undefined
  /** Record of the sandbox that it has joined, if that is there still. */
  joined?: RecordChange | undefined
}

/**
 * The world sees it gone with the first transaction: no port leads to it, and what it sends is dropped, answers of ARP
 * included. Its links go with the namespace, which the kernel takes down behind our back once nobody holds it. Where
 * somebody else does, or where no rule keeps them from the network, they are deleted. Its addresses stay claimed until
 * conntrack has forgotten them.
 */
export function removeSandbox(sandbox: GoingSandbox): RemovalPlans {
  const {
    path,
    endpoints,
    ports,
    owner,
    record,
    foreign = false,
    shared = false,
    joined,
    rerouted = [],
    unfiltered = [],
  } = sandbox
  const published = new PortPlan(endpoints, activePorts(endpoints, ports), owner)
  const free = (meant: (set: SetDefinition) => boolean) =>
    endpoints.flatMap((endpoint) => freeEndpoint(endpoint, owner, meant))
  const first: Plan = [
    beginRemoval(record),
    ...rerouted,
    ...published.unpublish(),
    ...free((set) => !isClaim(set)),
    ...changePassing(endpoints, [], sandbox.forwarding ?? false, owner),
    ...published.release(),
    ...(joined
      ? [{ op: 'file.replace', path: joined.path, content: joined.content, expected: joined.before } as const]
      : []),
    // Last: a link that is deleted is not given back.
    ...unfiltered,
  ]
  const forget = { op: 'file.delete', path: record.path } as const
  const rest: Plan = [
    ...endpoints.flatMap((endpoint) => endpointsOf(endpoint).dropHostRoutes(endpoint)),
    ...(foreign || shared ? unlink(path, endpoints) : []),
    ...dropStack(sandbox),
    ...free((set) => isClaim(set) && !isAddress(set)),
  ]
  // Nothing that the kernel takes long for: nobody need wait for the name.
  if (rest.length === 0) return { first: [...first, forget], rest: [] }
  const claims = endpoints.flatMap((endpoint) => freeAddresses(endpoint, owner))
  return {
    first,
    rest: [...rest, forget],
    ...(endpoints.length === 0 ? {} : { claims }),
    ...(foreign || shared || endpoints.length === 0
      ? {}
      : { links: endpoints.flatMap((endpoint) => endpointsOf(endpoint).hostLinks(endpoint)) }),
  }
}

/** Links of one driver go together. */
function unlink(path: string, endpoints: readonly StoredEndpoint[]): Operation[] {
  const drivers = new Set(endpoints.map(endpointsOf).filter((of) => !of.unfilteredLinks))
  return [...drivers].flatMap((of) =>
    of.unlink(
      path,
      endpoints.filter((endpoint) => endpointsOf(endpoint) === of),
    ),
  )
}
