import type { HostState } from '../../kernel/host-state.js'
import { FAMILIES } from '../../store/network-spec.js'
import { forwardIpv4, forwardIpv6 } from './network.js'
import type { BridgeNetwork } from './spec.js'

/**
 * Whether a bridge passes on what it is to pass on, as far as that is up to the bridge: with the host's own setting,
 * the kernel turns it off on every link, and on again. Who has turned that off is warned, and not overruled.
 */
export async function forwards(
  state: Pick<HostState, 'sysctl'>,
  network: BridgeNetwork,
  bridge = network.bridge,
): Promise<boolean> {
  const wanted = { 4: forwardIpv4(network).forwarding === true, 6: forwardIpv6(network).length > 0 }
  for (const family of FAMILIES) {
    const isOff = async (link: string) => (await state.sysctl(`net/ipv${family}/conf/${link}/forwarding`)) === '0'
    if (wanted[family] && (await isOff(bridge)) && !(await isOff('all'))) return false
  }
  return true
}
