import type { Host } from '../../kernel/host.js'
import type { FdbAdd, LinkSet } from '../../plan/operation.js'
import { LINK_LOCAL_GROUPS } from '../../policy/link-rules.js'
import type { BridgeEndpoint } from './endpoint.js'

/**
 * The host's end of an endpoint as a port of its bridge: it is sent what is for the endpoint's MAC address and what is
 * for many, and what it sends moves no other's MAC address to it.
 */

/**
 * Whether frames are to leave by the port they came in: a sandbox does not reach its own published port otherwise while
 * br_netfilter is on.
 */
export const needsHairpin = async (host: Host): Promise<boolean> =>
  (await host.find('sysctl', { name: 'net.bridge.bridge-nf-call-iptables' })) === '1'

export const guardPort = (hairpin: boolean): Pick<LinkSet, 'hairpin' | 'flood' | 'groupForwardMask'> => ({
  ...(hairpin ? { hairpin: true } : {}),
  flood: false,
  groupForwardMask: LINK_LOCAL_GROUPS,
})

/**
 * The way to the endpoint's MAC address, which no frame changes. Where its IP address is claimed, another port with
 * that MAC is a spare one, or on its way out. A spare one itself is refused where another has it; what it has may be
 * taken by a sandbox that claims the address first, and if that has gone when the spare one is wanted, the bridge
 * learns the way from the first frame that the rules let pass.
 *
 * @param spare - Its address is not claimed yet.
 */
export const fdbEntry = ({ mac, body }: Pick<BridgeEndpoint, 'mac' | 'body'>, spare = false): FdbAdd => ({
  op: 'fdb.add',
  link: body.hostLink,
  lladdr: mac,
  ...(spare ? { exclusive: true } : {}),
})
