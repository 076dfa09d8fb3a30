import type { AddressAdd } from '../plan/operation.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { IPV6_MTU } from '../store/network-spec.js'

/** The kernel gives a link no address of its own that is too narrow for IPv6, and knows no such setting there. */
export const noIpv6Address = ({ mtu }: { mtu: number }): { noIpv6Address?: true } =>
  mtu < IPV6_MTU ? {} : { noIpv6Address: true }

/** The addresses of an endpoint, on its link. @param prefix6 - Of IPv6: how much of the subnet is on the link. */
export function addressesInside(
  netns: string,
  { interface: link, linkLocal, addresses }: StoredEndpoint,
  prefix6 = addresses[6]?.prefix ?? 128,
): AddressAdd[] {
  const { 4: ipv4, 6: ipv6 } = addresses
  const add = (address: string, rest: { broadcast?: string } = {}): AddressAdd => ({
    op: 'address.add',
    netns,
    link,
    address,
    ...rest,
  })
  return [
    ...(ipv4
      ? [add(`${ipv4.address}/${ipv4.prefix}`, ipv4.broadcast === undefined ? {} : { broadcast: ipv4.broadcast })]
      : []),
    ...(linkLocal === undefined ? [] : [add(`${linkLocal}/64`)]),
    ...(ipv6 ? [add(`${ipv6.address}/${prefix6}`)] : []),
  ]
}
