/** One of docker's default-address-pools: a block that is cut into subnets of one size. */
export interface AddressPoolSpec {
  /** CIDR, for example `172.17.0.0/12` or `fd12:3456:789a::/48`. */
  base: string
  /** Prefix length of the subnets cut from it. */
  size: number
}

/** Sandboxes made ahead of need, so that a create takes one and has only its claims left to make. */
export interface PoolOptions {
  /** How many are kept ready on each of the networks, at most 1,000. Default: 0, none. */
  size?: number
  /** Names of bridge networks; one that is not there yet is begun with once it is. Default: `['bridge']`. */
  networks?: readonly string[]
}

export type PoolSettings = Required<PoolOptions>

/** Options with defaults filled in. What was left out and has no fixed default stays `undefined`. */
export interface Settings {
  netns: string | undefined
  stateDir: string
  bridgeName: string
  bip: string | undefined
  fixedCidr: string | undefined
  ipv6: boolean | undefined
  bip6: string | undefined
  fixedCidrV6: string | undefined
  mtu: number | undefined
  defaultGateway: string | undefined
  defaultGatewayV6: string | undefined
  icc: boolean | undefined
  ipMasq: boolean | undefined
  ip: string | undefined
  dns: readonly string[] | undefined
  dnsSearch: readonly string[] | undefined
  dnsOptions: readonly string[] | undefined
  defaultAddressPools: readonly AddressPoolSpec[]
  portsPerBridge: number
  /** What others damage is given back at once. */
  heal: boolean
  pool: PoolSettings
}
