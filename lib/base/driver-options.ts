import type { GatewayMode } from './gateway-mode.js'

/** A driver's options by docker's names, and as docker's texts. */
export type DockerDriverOptions = Readonly<Record<`com.docker.network.${string}`, string>>

/** What networks of all drivers may be given. */
interface SharedOptions {
  /** Bytes. Default: that of `Slipway.open`, or 1500; on a parent, the parent's. */
  mtu?: number
  /** Beginning of the names of interfaces inside. Default: `eth`. */
  interfacePrefix?: string
}

/** Options of networks on bridges. */
export interface BridgeDriverOptions extends SharedOptions {
  /** Name of the bridge. Default: `br-` and the id. */
  bridgeName?: string
  /** Its sandboxes may talk to each other. Default: true. */
  icc?: boolean
  /** They go out under the host's address. Default: true. */
  ipMasq?: boolean
  /** Host address of ports that are published without one. Default: that of `Slipway.open`, or every one. */
  hostBindingIpv4?: string
  /** The same of IPv6. */
  hostBindingIpv6?: string
  /** Default: `nat`. */
  gatewayModeIpv4?: GatewayMode
  /** Default: `nat`. */
  gatewayModeIpv6?: GatewayMode
  /** The bridge gets no IPv4 address. Default: false. */
  inhibitIpv4?: boolean
  /** Packets from these interfaces of the host may go to published ports. Default: none. */
  trustedHostInterfaces?: readonly string[]
  /** Address of the host under which they go out. Default: the kernel's choice. */
  hostIpv4?: string
  /** The same of IPv6. */
  hostIpv6?: string
}

interface SegmentOptions extends SharedOptions {
  /** The link whose segment they are on; `eth0.50` is its VLAN 50. Default: one that is made, and leads nowhere. */
  parent?: string
  /** Host and sandboxes reach each other. Default: false. */
  hostShim?: boolean
}

/** Options of macvlan networks. */
export interface MacvlanDriverOptions extends SegmentOptions {
  /** Default: `bridge`. */
  mode?: 'bridge' | 'private' | 'vepa' | 'passthru'
}

/** Options of ipvlan networks. */
export interface IpvlanDriverOptions extends SegmentOptions {
  /** Default: `l2`. */
  mode?: 'l2' | 'l3' | 'l3s'
  /** Default: `bridge`. */
  flag?: 'bridge' | 'private' | 'vepa'
}
