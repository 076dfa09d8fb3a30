import type { Host } from '../kernel/host.js'
import type { AddressPool } from '../claims/addresses/address-pool.js'
import { poolOf } from '../claims/addresses/pool-of-subnet.js'
import type { NetworkSubnet } from '../base/addresses/network-subnet.js'
import type { Operation } from '../plan/operation.js'
import type { Circumstances, NetworkDriver, NetworkInUse, UseSettings } from './driver.js'
import { FAMILIES, hasFamily, type NetworkSpec } from '../store/network-spec.js'

/** A network that is up, and what this process knows of it. */
export interface ReadyNetwork {
  spec: NetworkSpec
  /** The addresses of its subnets, as far as this process knows. */
  pools: readonly { subnet: NetworkSubnet; pool: AddressPool }[]
  driver: NetworkDriver
  /** What its driver knows of it. */
  use: NetworkInUse
}

/**
 * @param used - The network has been there before, and others may have taken addresses of it.
 * @param missing - Where nothing is to be made: what would be comes here.
 */
export async function readyNetwork(
  driver: NetworkDriver,
  spec: NetworkSpec,
  host: Host,
  settings: UseSettings,
  used: boolean,
  missing?: Operation[],
): Promise<ReadyNetwork> {
  const pools = spec.subnets.map((subnet) => ({ subnet, pool: poolOf(subnet) }))
  const ready = { spec, pools, driver, use: await driver.use(spec, host, settings, missing) }
  if (used) {
    await learnAddresses(ready)
    await ready.use.learn()
  }
  return ready
}

/** What the moment adds to the making of an endpoint on a network. */
export const circumstancesOf = ({ spec, use }: ReadyNetwork): Circumstances => ({
  moment: use.moment,
  ...(spec.record ? { network: spec.record } : {}),
})

/** Learns the addresses that the kernel knows as claimed. */
export async function learnAddresses({ spec, pools, use }: ReadyNetwork): Promise<void> {
  for (const family of FAMILIES) {
    if (!hasFamily(spec, family)) continue
    const claimed = await use.claimed(family)
    for (const { subnet, pool } of pools) if (subnet.family === family) pool.learn(claimed)
  }
}

/** Gives an address back to this process's pool. */
export function releaseAddress({ pools }: ReadyNetwork, address: string): void {
  for (const { pool } of pools) if (pool.covers(address)) pool.release(address)
}
