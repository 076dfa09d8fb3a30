import { covers, parseSubnet, type Subnet } from '../base/addresses/subnet.js'
import type { IpFamily } from '../base/addresses/ip.js'
import type { StoredEndpoint } from '../store/endpoint.js'

/** Subnets of an IP version that endpoints are in, none of which lies in another. */
export function subnetsOf(endpoints: readonly StoredEndpoint[], family: IpFamily): Subnet[] {
  const all = endpoints.flatMap(({ addresses }) => {
    const own = addresses[family]
    const subnet = own && parseSubnet(`${own.address}/${own.prefix}`)
    return subnet ? [subnet] : []
  })
  return all.filter(
    (subnet, index) =>
      !all.some((other, at) => at !== index && covers(other, subnet) && (at < index || other.prefix < subnet.prefix)),
  )
}
