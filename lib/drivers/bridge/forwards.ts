import type { Host } from '../../kernel/host.js'
import { FAMILIES } from '../../store/network-spec.js'
import { forwardIpv4, forwardIpv6 } from './network.js'
import type { BridgeNetwork } from './spec.js'

/**
 * Whether a bridge passes on what it is to pass on, or no bridge of the host could: when the host's own setting is
 * turned off, the kernel turns it off on every link, and on again with it.
 */
export async function forwards(host: Host, network: BridgeNetwork, bridge = network.bridge): Promise<boolean> {
  const wanted = { 4: forwardIpv4(network).forwarding === true, 6: forwardIpv6(network).length > 0 }
  for (const family of FAMILIES) {
    if (wanted[family] && (await host.find('sysctl', { name: `net/ipv${family}/conf/${bridge}/forwarding` })) === '0')
      return false
  }
  return true
}
