import type { GatewayMode } from '../base/gateway-mode.js'
import type { IpFamily } from '../base/addresses/ip.js'
import type { NetworkSubnet } from '../base/addresses/network-subnet.js'

/** Name of the network that every sandbox joins unless told otherwise. */
export const DEFAULT_NETWORK = 'bridge'

/** What of a network matters to the firewall. */
export interface NetworkRules {
  /** Name of its bridge. */
  bridge: string
  /** MAC address of the bridge. */
  mac: string
  /** As CIDR: `172.20.0.0/16`. */
  subnets: readonly { family: IpFamily; subnet: string }[]
  /** What is said of an IP version that has no subnet is left unsaid to the kernel. */
  families: Readonly<Partial<Record<IpFamily, FamilyRules>>>
  /** Nothing passes into or out of it. */
  internal: boolean
  /** Its sandboxes may talk to each other. */
  icc: boolean
  /** Interfaces of the host: what comes in there may speak to published ports at the sandboxes' own addresses. */
  trusted: readonly string[]
}

export interface FamilyRules {
  mode: GatewayMode
  /** Traffic to the world leaves under the host's address, where the mode translates at all. */
  masquerade: boolean
  /** Which address of the host that is. Default: the one that the kernel chooses by the route. */
  source?: string
}

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
