import { printSubnet } from '../base/addresses/subnet.js'
import { familyOf, type IpFamily } from '../base/addresses/ip.js'
import type { ElementAdd, Operation } from '../plan/operation.js'
import type { PortMapping } from '../base/port-mapping.js'
import { add, asKey, remove } from '../policy/elements.js'
import { nearer } from '../policy/sets.js'
import { FAMILIES } from '../store/network-spec.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { gatewayEndpoint, mappedPorts } from './gateway.js'
import { subnetsOf } from './subnets-of.js'

/**
 * Published ports lead to one endpoint of a sandbox. A client that is on the network of another endpoint of it would
 * get the answer straight from there, from an address that it never asked. Such clients are let in under the address of
 * the bridge, so that the answer comes back to the host: the set `nearer` says which they are. Pure functions.
 */

/**
 * What the set holds for a sandbox: each subnet that it is in beside its way to the world, and the address that ports
 * lead to. No subnet that lies in another one, as the set holds none twice.
 */
function keysOf(endpoints: readonly StoredEndpoint[], family: IpFamily): string[] {
  const gateway = gatewayEndpoint(endpoints, family)
  const address = gateway?.addresses[family]?.address
  if (address === undefined) return []
  const others = endpoints.filter((endpoint) => endpoint !== gateway)
  return subnetsOf(others, family).map((subnet) => `${asKey(printSubnet(subnet), family)} . ${address}`)
}

/** Of some families. @param owner - Comment of the elements. */
export function nearerElements(
  endpoints: readonly StoredEndpoint[],
  families: readonly IpFamily[],
  owner: string,
): ElementAdd[] {
  if (endpoints.length < 2) return []
  return families.flatMap((family) => {
    const keys = keysOf(endpoints, family)
    return keys.length === 0 ? [] : [add(nearer[family], ...keys.map((key) => ({ key, comment: owner })))]
  })
}

/** Families in which there are ports, and none beside them. */
export const familiesOf = (ports: readonly PortMapping[], beside: readonly PortMapping[]): IpFamily[] =>
  FAMILIES.filter((family) => {
    const isOf = ({ hostIp }: PortMapping) => familyOf(hostIp) === family
    return ports.some(isOf) && !beside.some(isOf)
  })

/**
 * What changes of it where endpoints come or go and the ports lead where they led.
 *
 * @param families - In which that is so.
 */
export function changedNearer(
  before: readonly StoredEndpoint[],
  after: readonly StoredEndpoint[],
  ports: readonly PortMapping[],
  families: readonly IpFamily[],
  owner: string,
): { gone: Operation[]; fresh: Operation[] } {
  const gone: Operation[] = []
  const fresh: Operation[] = []
  const mapped = familiesOf(mappedPorts(before, ports), []).filter((family) => families.includes(family))
  for (const family of mapped) {
    const [had, has] = [keysOf(before, family), keysOf(after, family)]
    const elements = (keys: readonly string[], others: readonly string[]) =>
      keys.filter((key) => !others.includes(key)).map((key) => ({ key, comment: owner }))
    const [less, more] = [elements(had, has), elements(has, had)]
    if (less.length > 0) gone.push(remove(nearer[family], ...less))
    if (more.length > 0) fresh.push(add(nearer[family], ...more))
  }
  return { gone, fresh }
}
