import { add, remove, removeOwn } from '../../policy/elements.js'
import { isAddressClaim, isEndpointClaim } from '../../policy/sets.js'
import type { Operation, Plan, SetDefinition } from '../../plan/operation.js'
import type { PortMapping } from '../../base/port-mapping.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import { activePorts } from '../gateway.js'
import { endpointsOf } from '../index.js'
import { PortPlan } from '../ports.js'
import type { RouteChange } from '../routes.js'
import { letPass } from '../transit.js'

/** The claims of endpoints, and the elements that go with them. */

/** What is there of a sandbox, as far as its claims go. */
export interface Claimant {
  endpoints: readonly StoredEndpoint[]
  ports: readonly PortMapping[]
  /** Comment of every element that belongs to it. */
  owner: string
  /** It is a router. */
  forwarding?: boolean | undefined
}

/** What of routes through routers goes with a change of a sandbox. */
export interface RouteMoves {
  /** Of a router: what makes known which routes lead through it. */
  known?: Plan | undefined
  /** Those of the sandbox itself. */
  own?: RouteChange | undefined
}

/** The claims; the other elements let it send. */
export const isClaim = (set: SetDefinition): boolean => isEndpointClaim(set)
/** Those of addresses, which are given up last. */
export const isAddress = (set: SetDefinition): boolean => isAddressClaim(set)

export const claimEndpoint = (endpoint: StoredEndpoint, owner: string): Operation[] =>
  endpointsOf(endpoint)
    .elements(endpoint)
    .map(([set, key]) => add(set, { key, comment: owner }))

export function freeEndpoint(
  endpoint: StoredEndpoint,
  owner: string,
  meant: (set: SetDefinition) => boolean,
): Operation[] {
  const operations: Operation[] = []
  for (const [set, key] of endpointsOf(endpoint).elements(endpoint))
    if (meant(set)) operations.push(remove(set, { key, comment: owner }))
  return operations
}

export function freeAddresses(endpoint: StoredEndpoint, owner: string): Operation[] {
  const operations = [...endpointsOf(endpoint).forget(endpoint)]
  for (const [set, key] of endpointsOf(endpoint).elements(endpoint))
    if (isAddress(set)) operations.push(removeOwn(set, { key, comment: owner }))
  return operations
}

/** The claims of a sandbox: what gives it back what a flushed ruleset took from it. */
export function claimSandbox({ endpoints, ports, owner, forwarding = false }: Claimant): Operation[] {
  return [
    ...claimEndpoints({ endpoints, owner }),
    ...letPass(endpoints, forwarding, owner),
    ...new PortPlan(endpoints, activePorts(endpoints, ports), owner).publish(),
  ]
}

export function claimEndpoints({ endpoints, owner }: Pick<Claimant, 'endpoints' | 'owner'>): Operation[] {
  const operations: Operation[] = []
  for (const endpoint of endpoints) operations.push(...claimEndpoint(endpoint, owner))
  return operations
}
