import type { IpFamily } from '../../base/addresses/ip.js'
import { macOf } from '../../base/addresses/mac.js'
import { FAMILIES } from '../../store/network-spec.js'
import type { Operation } from '../../plan/operation.js'
import type { BridgeBody, BridgeEndpoint } from './endpoint.js'

/**
 * What others remember of an endpoint's addresses: the host, and sandboxes on its bridge, keep for up to a minute where
 * an address is. It must not be another MAC address than it was when the address comes back, or they must be told. Pure
 * functions.
 */

/**
 * Tells the neighbours of an endpoint where it is, if it may be that they know its addresses to be elsewhere. Of IPv4
 * they do not, as the MAC address follows from it; where a caller chooses one, this tells so, and {@link
 * forgetNeighbor} when it is over. Without icc no sandbox is told of another.
 */
export function announce({ addresses, mac, body: { bridge, icc } }: BridgeEndpoint): Operation[] {
  const { 4: v4, 6: v6 } = addresses
  const operations: Operation[] = []
  if (!icc) return operations
  if (v4 && mac !== macOf(v4.address))
    operations.push({ op: 'neighbor.announce', link: bridge, address: v4.address, lladdr: mac })
  if (v6) operations.push({ op: 'neighbor.announce', link: bridge, address: v6.address, lladdr: mac })
  return operations
}

/** What is known of an endpoint that has gone. */
interface Gone extends Pick<BridgeEndpoint, 'mac'> {
  body: Pick<BridgeBody, 'bridge' | 'icc'>
  addresses: { readonly [Family in IpFamily]?: { readonly address: string } | undefined }
}

/**
 * Has the host forget an endpoint that has gone, and its neighbours, too, where they would take the next for it.
 *
 * @param endpoint - With an empty `mac` where that is not known: then its neighbours are told in any case.
 */
export function forgetNeighbor({ addresses, mac, body: { bridge, icc } }: Gone): Operation[] {
  const v4 = addresses[4]?.address
  return [
    ...FAMILIES.flatMap((family): Operation[] => {
      const address = addresses[family]?.address
      return address === undefined ? [] : [{ op: 'neighbor.delete', link: bridge, address, optional: true }]
    }),
    ...(icc && v4 !== undefined && mac !== macOf(v4)
      ? [{ op: 'neighbor.announce', link: bridge, address: v4, lladdr: macOf(v4) } as const]
      : []),
  ]
}
