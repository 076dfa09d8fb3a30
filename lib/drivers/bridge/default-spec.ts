import { familyOf, type IpFamily } from '../../base/addresses/ip.js'
import { macOf } from '../../base/addresses/mac.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import type { Settings } from '../../base/settings.js'
import { EVERY } from '../../base/addresses/every.js'
import { predefinedId } from '../../store/predefined.js'
import { DEFAULT_NETWORK } from '../../store/network-spec.js'
import type { BridgeNetwork } from './spec.js'

/** The network `bridge` as the options of open() have it. */
export function defaultSpec(settings: Settings, host: number, subnets: readonly NetworkSubnet[]): BridgeNetwork {
  const { bridgeName, mtu, icc, ipMasq, ip, stateDir } = settings
  const own = subnets.find(({ address }) => address !== undefined)?.address
  if (own === undefined) throw new RangeError('a default bridge without an address')
  const rules = { mode: 'nat', masquerade: ipMasq ?? true } as const
  return {
    id: predefinedId(host, DEFAULT_NETWORK),
    name: DEFAULT_NETWORK,
    driver: 'bridge',
    bridge: bridgeName,
    mac: macOf(own),
    mtu: mtu ?? 1500,
    subnets,
    families: { 4: rules, 6: rules },
    internal: false,
    icc: icc ?? true,
    trusted: [],
    interfacePrefix: 'eth',
    hostIps: defaultHostIps(ip),
    stateDir,
  }
}

/** Where ports are published that name no host address: everywhere, or where `ip` says, which is of one family. */
export const defaultHostIps = (ip: string | undefined): Readonly<Partial<Record<IpFamily, string>>> =>
  ip === undefined ? EVERY : { [familyOf(ip)]: ip }
