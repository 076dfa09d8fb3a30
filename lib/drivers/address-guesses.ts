import type { IpFamily } from '../base/addresses/ip.js'
import type { NetworkSubnet } from '../base/addresses/network-subnet.js'
import type { ReadyNetwork } from './ready.js'

/** Addresses that were taken for one endpoint, each with its subnet. */
export type AddressGuesses = Partial<Record<IpFamily, { address: string; subnet: NetworkSubnet }>>

/**
 * The next free address of each family that a network has; nothing where one has none left, as far as this process
 * knows.
 */
export function takeFreeAddresses(ready: ReadyNetwork): AddressGuesses | undefined {
  const taken: AddressGuesses = {}
  for (const { subnet, pool } of ready.pools) {
    if (taken[subnet.family]) continue
    const address = pool.take()
    if (address !== undefined) taken[subnet.family] = { address, subnet }
  }
  if (ready.pools.every(({ subnet }) => taken[subnet.family])) return taken
  releaseAddresses(ready, taken)
  return undefined
}

/** Gives them back. */
export function releaseAddresses({ pools }: ReadyNetwork, taken: AddressGuesses): void {
  for (const { subnet, pool } of pools) {
    const found = taken[subnet.family]
    if (found?.subnet === subnet) pool.release(found.address)
  }
}

/** The kernel has taken the claims. */
export function settleAddresses({ pools }: ReadyNetwork, taken: AddressGuesses): void {
  for (const { subnet, pool } of pools) {
    const found = taken[subnet.family]
    if (found?.subnet === subnet) pool.settle(found.address)
  }
}
