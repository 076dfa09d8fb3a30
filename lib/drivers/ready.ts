import { addresses } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { AddressPool } from '../claims/addresses/address-pool.js'
import { poolOf } from '../claims/addresses/pool-of-subnet.js'
import type { NetworkSubnet } from '../base/addresses/network-subnet.js'
import type { NetworkBridges } from './bridge/places.js'
import { FAMILIES, hasFamily } from '../store/network-spec.js'
import type { BridgeNetwork } from './bridge/spec.js'

/** A network that is up, and what this process knows of it. */
export interface ReadyNetwork {
  spec: BridgeNetwork
  /** The addresses of its subnets, as far as this process knows. */
  pools: readonly { subnet: NetworkSubnet; pool: AddressPool }[]
  /** Where endpoints have their ports. */
  bridges: NetworkBridges
  /** Endpoints need hairpin mode: br_netfilter is on. */
  hairpin: boolean
}

/** @param used - The network has been there before, and others may have taken addresses of it. */
export async function readyNetwork(
  spec: BridgeNetwork,
  bridges: NetworkBridges,
  host: Host,
  used: boolean,
): Promise<ReadyNetwork> {
  const pools = spec.subnets.map((subnet) => ({ subnet, pool: poolOf(subnet) }))
  const ready = {
    spec,
    pools,
    bridges,
    hairpin: (await host.find('sysctl', { name: 'net.bridge.bridge-nf-call-iptables' })) === '1',
  }
  if (used) {
    await learnAddresses(ready, host)
    bridges.learn(await host.ask('links', {}))
  }
  return ready
}

/** Learns the addresses that the kernel knows as claimed. */
export async function learnAddresses({ spec, pools }: ReadyNetwork, host: Host): Promise<void> {
  for (const family of FAMILIES) {
    if (!hasFamily(spec, family)) continue
    const claimed = ((await host.find('elements', addresses[family])) ?? []).map(({ key }) => key)
    for (const { subnet, pool } of pools) if (subnet.family === family) pool.learn(claimed)
  }
}

/** Gives an address back to this process's pool. */
export function releaseAddress({ pools }: ReadyNetwork, address: string): void {
  for (const { pool } of pools) if (pool.covers(address)) pool.release(address)
}
