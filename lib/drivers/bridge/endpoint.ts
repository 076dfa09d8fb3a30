import type { EndpointAddress, EndpointRequest, StoredEndpoint } from '../../store/endpoint.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import { linkLocalOf, macOf, macOfId } from '../../base/addresses/mac.js'
import { hostLinkOf } from '../../base/link-name.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import { isDirect, type BridgeNetwork } from './spec.js'

/** What an endpoint of a bridge network has beside what all endpoints have. */
export interface BridgeBody {
  bridge: string
  /** The network's own bridge, where `bridge` is a leaf of it. */
  leafOf?: string
  /** The end of the veth that is a port of the bridge. */
  hostLink: string
  icc: boolean
}

export type BridgeEndpoint = StoredEndpoint<BridgeBody>

/**
 * Names that follow from the endpoint's id and addresses.
 *
 * @param leaf - The bridge that it is on, where that is not the network's own.
 * @param random - Its MAC is not to follow from its address: another endpoint has chosen that one.
 */
export function bridgeEndpoint(
  network: BridgeNetwork,
  id: string,
  name: string,
  chosen: Readonly<Partial<Record<IpFamily, { address: string; subnet: NetworkSubnet }>>>,
  asked: EndpointRequest,
  leaf?: string,
  random = false,
): BridgeEndpoint {
  const mac = asked.mac ?? (chosen[4] && !random ? macOf(chosen[4].address) : macOfId(id))
  const addressOf = (family: IpFamily): Partial<Record<IpFamily, EndpointAddress>> => {
    const found = chosen[family]
    if (!found) return {}
    const { address, subnet } = found
    const { prefix, broadcast, gateway } = subnet
    return {
      [family]: {
        address,
        prefix,
        ...(broadcast === undefined ? {} : { broadcast }),
        ...(gateway === undefined || network.internal ? {} : { gateway }),
        ...(subnet.address === undefined ? {} : { resolver: subnet.address }),
        mode: network.families[family]?.mode ?? 'nat',
        ...(isDirect(network, family) ? { direct: true as const } : {}),
      },
    }
  }
  return {
    id,
    network: network.name,
    networkId: network.id,
    driver: 'bridge',
    interface: name,
    mac,
    mtu: network.mtu,
    addresses: { ...addressOf(4), ...addressOf(6) },
    ...(chosen[6] ? { linkLocal: linkLocalOf(mac) } : {}),
    internal: network.internal,
    asked,
    body: {
      bridge: leaf ?? network.bridge,
      ...(leaf === undefined ? {} : { leafOf: network.bridge }),
      hostLink: hostLinkOf(id),
      icc: network.icc,
    },
  }
}
