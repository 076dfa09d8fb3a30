import { printSubnet } from '../base/addresses/subnet.js'
import type { IpFamily } from '../base/addresses/ip.js'
import type { Operation, SetDefinition, SysctlWrite } from '../plan/operation.js'
import { add, asKey, remove } from '../policy/elements.js'
import { FAMILIES } from '../store/network-spec.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import type { EndpointElement } from './driver.js'
import { endpointsOf } from './index.js'
import { subnetsOf } from './subnets-of.js'

/**
 * A router: a sandbox that passes on between its networks. By each endpoint it may send what comes from the subnets of
 * the others, and nothing else beside its own. Pure functions.
 */

function elementsOf(endpoints: readonly StoredEndpoint[]): EndpointElement[] {
  if (endpoints.length < 2) return []
  return endpoints.flatMap((endpoint) => {
    const others = endpoints.filter((other) => other !== endpoint)
    const sources = FAMILIES.flatMap((family) =>
      subnetsOf(others, family).map((subnet) => [family, asKey(printSubnet(subnet), family)] as const),
    )
    return endpointsOf(endpoint).passesOn?.(endpoint, sources) ?? []
  })
}

/** What lets a router send: all of it. @param forwarding - Whether it is one. */
export const letPass = (endpoints: readonly StoredEndpoint[], forwarding: boolean, owner: string): Operation[] =>
  forwarding ? elementsOf(endpoints).map(([set, key]) => add(set, { key, comment: owner })) : []

/** What changes of it with its endpoints. */
export function changePassing(
  before: readonly StoredEndpoint[],
  after: readonly StoredEndpoint[],
  forwarding: boolean,
  owner: string,
): Operation[] {
  if (!forwarding) return []
  const [had, has] = [elementsOf(before), elementsOf(after)]
  const without = (some: readonly EndpointElement[], others: readonly EndpointElement[]) =>
    some.filter(([set, key]) => !others.some(([other, its]) => other.set === set.set && its === key))
  const element = ([set, key]: readonly [SetDefinition, string]) => [set, { key, comment: owner }] as const
  return [
    ...without(had, has).map((one) => remove(...element(one))),
    ...without(has, had).map((one) => add(...element(one))),
  ]
}

const FORWARDING: Readonly<Record<IpFamily, string>> = { 4: 'net.ipv4.ip_forward', 6: 'net.ipv6.conf.all.forwarding' }

/** Inside: the kernel passes on there, in the IP versions of an endpoint that comes. */
export const forwardInside = (
  netns: string,
  endpoint: StoredEndpoint | undefined,
  forwarding: boolean,
): SysctlWrite[] =>
  forwarding
    ? FAMILIES.filter((family) => endpoint?.addresses[family]).map((family) => ({
        op: 'sysctl.write',
        netns,
        key: FORWARDING[family],
        value: '1',
      }))
    : []
