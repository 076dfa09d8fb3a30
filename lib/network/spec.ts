import type { NetworkRules } from '../firewall/network-elements.js'
import type { IpFamily } from '../ipam/ip.js'
import type { NetworkSubnet } from '../ipam/network-subnet.js'

/** Name of the network that every sandbox joins unless told otherwise. */
export const DEFAULT_NETWORK = 'bridge'

/** A network on a bridge of this host, as drivers see it: plain data, and nothing left to be chosen. */
export interface NetworkSpec extends NetworkRules {
  /** 64 hex digits. */
  id: string
  name: string
  mtu: number
  subnets: readonly NetworkSubnet[]
  /** Interfaces inside sandboxes are named after it: `eth0`, `eth1`. */
  interfacePrefix: string
  /** Host addresses of published ports that name none. */
  hostIps: Readonly<Partial<Record<IpFamily, string>>>
  /** Where the records of its sandboxes are. */
  stateDir: string
  /** The file that remembers it, and its text. The default network needs none. */
  record?: { path: string; content: string }
}

/** The narrowest link that IPv6 goes over, in bytes (RFC 8200, section 5). */
export const IPV6_MTU = 1280

export const FAMILIES = [4, 6] as const satisfies readonly IpFamily[]

export const hasFamily = (network: Pick<NetworkSpec, 'subnets'>, family: IpFamily): boolean =>
  network.subnets.some((subnet) => subnet.family === family)

/** Whether ports of sandboxes may be spoken to at their own addresses. */
export const isDirect = (
  { families, trusted }: Pick<NetworkRules, 'families' | 'trusted'>,
  family: IpFamily,
): boolean => trusted.length > 0 || families[family]?.mode === 'routed'
