import { invalid, show } from '../../base/errors.js'
import { familyOf, type IpFamily } from '../../base/addresses/ip.js'
import { EVERY } from '../../base/addresses/every.js'
import { bracket, printRequest, type PortRequest } from '../../base/port-mapping.js'

/** Host addresses of mappings that name none, by family; a family without one is left out of them. */
export type DefaultHostIps = Readonly<Partial<Record<IpFamily, string>>>

/** A host address that a request goes to, and who may connect there. */
export interface Binding {
  hostIp: string
  allow?: readonly string[]
}

/**
 * The host addresses that a request becomes: the one that it names, or the default of each family that the sandbox has.
 * Where it says who may connect, only those of the same family can: a family in which nobody may is left out.
 *
 * @param families - IP families that the sandbox has an address of.
 * @throws {SlipwayError} `INVALID_ARGUMENT` when there is none.
 */
export function expand(
  request: PortRequest,
  families: readonly IpFamily[],
  defaults: DefaultHostIps = EVERY,
): Binding[] {
  const { hostIp, allow } = request
  const bindings: Binding[] = []
  if (hostIp !== undefined) {
    if (families.includes(familyOf(hostIp))) bindings.push({ hostIp })
  } else {
    for (const family of families) {
      const address = defaults[family]
      if (address !== undefined) bindings.push({ hostIp: address })
    }
  }
  if (bindings.length === 0) throw leadsNowhere(request, defaults)
  return allow ? admit(request, bindings, allow) : bindings
}

function admit(request: PortRequest, bindings: readonly Binding[], allow: readonly string[]): Binding[] {
  const admitting = bindings.flatMap(({ hostIp }) => {
    const admitted = allow.filter((network) => familyOf(network) === familyOf(hostIp))
    return admitted.length > 0 ? [{ hostIp, allow: admitted }] : []
  })
  if (admitting.length > 0) return admitting
  const where = bindings.map(({ hostIp }) => bracket(hostIp)).join(' or ')
  throw wrong(
    request,
    `nobody could connect to ${where}, as allow names no address of that family. Add some, or leave allow out`,
  )
}

function leadsNowhere(request: PortRequest, defaults: DefaultHostIps): Error {
  const address = request.hostIp ?? Object.values(defaults)[0]
  if (address === undefined) return wrong(request, 'no host address is named, and the network has no default. Name one')
  const family = familyOf(address)
  return wrong(
    request,
    `the sandbox has no IPv${family} address that ${bracket(address)} could lead to, because its network has no IPv${family}. Publish on an address of the other family`,
  )
}

const wrong = (request: PortRequest, why: string) => invalid(`publish ${show(printRequest(request))}: ${why}.`)
