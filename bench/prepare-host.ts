import { readFileSync } from 'node:fs'
import { createLeaf, Host, leafName } from '#internal'
import { hostPlan, NETWORK } from './bridge-plans.js'

/**
 * Makes the ruleset and the network, with as many bridges as are asked for, by Slipway's own plans and executor: the
 * other arms start from the very same. @returns the bridges' names, the network's own first.
 */
export async function prepareHost(bridges = 1): Promise<string[]> {
  const further = Array.from({ length: bridges - 1 }, (_, i) => i + 1)
  const host = new Host(undefined)
  await host.run(hostPlan())
  for (const number of further) await host.run(createLeaf(NETWORK, number))
  await host.close()
  return [NETWORK.bridge, ...further.map((number) => leafName(NETWORK, number))]
}

/** Whether br_netfilter is on, as Slipway asks; `undefined` where it is not loaded. */
export function brNetfilter(): string | undefined {
  try {
    return readFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', 'utf8').trim()
  } catch {
    return undefined
  }
}

export const needsHairpin = (): boolean => brNetfilter() === '1'
