import { invalid } from '../../base/errors.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import { macOf, macOfId } from '../../base/addresses/mac.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import type { Settings } from '../../base/settings.js'
import type { Router } from '../../claims/addresses/complete.js'
import { FAMILIES } from '../../store/network-spec.js'
import { LONGEST_ALIAS, linkAlias } from '../link-alias.js'
import type { NetworkDraft, NetworkRequest, HostView } from '../networks-of.js'
import { readDriverOptions, type DriverOptions } from './options.js'
import { bridgeOf, type BridgeNetwork } from './spec.js'

/** What a network on a bridge will be, from what somebody asks for. */

/** See `NetworksOf.check`. */
export function checkRequest(
  { name, internal, options }: NetworkRequest,
  { stateDir }: Pick<Settings, 'stateDir'>,
): void {
  const tooLong = Buffer.byteLength(linkAlias({ name, stateDir })) - LONGEST_ALIAS
  if (tooLong > 0) {
    throw invalid(
      `name ${name} is too long by ${tooLong} characters: the alias of its bridge holds it and stateDir (${stateDir}). Choose a shorter name, or open with a shorter stateDir.`,
    )
  }
  checkModes(readDriverOptions(options), internal)
}

/** See `NetworksOf.draft`. */
export async function draftBridge(
  { internal, options: given }: NetworkRequest,
  hostView: HostView,
  { mtu, ip }: Pick<Settings, 'mtu' | 'ip'>,
): Promise<NetworkDraft<BridgeNetwork>> {
  const options = readDriverOptions(given, { mtu, ip })
  checkModes(options, internal)
  for (const family of FAMILIES) {
    const source = options.source[family]
    // Answers would go to whoever has it.
    if (source !== undefined && !(await hostView.has(source))) {
      throw invalid(
        `options: com.docker.network.host_ipv${family} ${source} is no address of this host. ip address shows what there is.`,
      )
    }
  }
  const rules = (family: IpFamily) => {
    const source = options.source[family]
    return { mode: options.modes[family], masquerade: options.masquerade, ...(source === undefined ? {} : { source }) }
  }
  return {
    mtu: options.mtu ?? 1500,
    interfacePrefix: options.interfacePrefix,
    hostIps: options.hostIps,
    router: { 4: routerOf(options, 4), 6: routerOf(options, 6) },
    complete: (head) => ({
      ...head,
      bridge: options.bridge ?? bridgeOf(head.id),
      mac: bridgeMac(head.id, head.subnets),
      families: { 4: rules(4), 6: rules(6) },
      icc: options.icc,
      trusted: options.trusted,
    }),
  }
}

function routerOf({ modes, inhibitIpv4 }: DriverOptions, family: IpFamily): Router {
  if (modes[family] === 'isolated') return 'nobody'
  return family === 4 && inhibitIpv4 ? 'another' : 'host'
}

/** Of a network with IPv4 the address says it; gateways of IPv6 networks look alike in their last bytes. */
function bridgeMac(id: string, subnets: readonly NetworkSubnet[]): string {
  const ipv4 = subnets.find(({ family }) => family === 4)
  return ipv4 ? macOf(ipv4.address ?? ipv4.subnet.split('/')[0] ?? '') : macOfId(id)
}

function checkModes({ modes, trusted, inhibitIpv4 }: DriverOptions, internal: boolean): void {
  for (const family of FAMILIES) {
    if (modes[family] === 'isolated' && !internal) {
      throw invalid(
        `options: com.docker.network.bridge.gateway_mode_ipv${family} isolated goes with internal: true only: without a gateway nothing could get out.`,
      )
    }
  }
  if (internal && trusted.length > 0)
    throw invalid(
      'options: com.docker.network.bridge.trusted_host_interfaces does not go with internal: nothing gets in there. Leave one of them out.',
    )
  if (inhibitIpv4 && modes[4] === 'isolated')
    throw invalid(
      'options: com.docker.network.bridge.inhibit_ipv4 says nothing where gateway_mode_ipv4 is isolated: the bridge has no address then. Leave it out.',
    )
}
