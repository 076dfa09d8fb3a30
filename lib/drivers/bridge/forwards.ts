import type { Host } from '../../kernel/host.js'
import { FAMILIES } from '../../store/network-spec.js'
import { forwardIpv4, forwardIpv6 } from './network.js'
import type { BridgeNetwork } from './spec.js'

/**
 * Whether a bridge passes on what it is to pass on, as far as that is up to the bridge: with the host's own setting,
 * the kernel turns it off on every link, and on again. Who has turned that off is warned, and not overruled.
 */
export async function forwards(host: Host, network: BridgeNetwork, bridge = network.bridge): Promise<boolean> {
  const wanted = { 4: forwardIpv4(network).forwarding === true, 6: forwardIpv6(network).length > 0 }
  for (const family of FAMILIES) {
    const isOff = async (link: string) =>
      (await host.find('sysctl', { name: `net/ipv${family}/conf/${link}/forwarding` })) === '0'
    if (wanted[family] && (await isOff(bridge)) && !(await isOff('all'))) return false
  }
  return true
}
