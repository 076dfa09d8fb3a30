import type { IpFamily } from '../base/addresses/ip.js'
import type { NetworkSubnet } from '../base/addresses/network-subnet.js'

/** Name of the network that every sandbox joins unless told otherwise. */
export const DEFAULT_NETWORK = 'bridge'

/**
 * What networks of all drivers have: plain data, and nothing left to be chosen. Each driver has more, which it alone
 * reads.
 */
export interface NetworkSpec {
  /** 64 hex digits. */
  id: string
  name: string
  /** Name of its driver. */
  driver: string
  mtu: number
  subnets: readonly NetworkSubnet[]
  /** Nothing passes into or out of it. */
  internal: boolean
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
