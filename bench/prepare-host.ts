import { readFileSync } from 'node:fs'
import { Host } from '#lib/host.js'
import { hostPlan } from './endpoint.js'

/** Makes bridge and ruleset by Slipway's own plan and executor: the other arms start from the very same. */
export async function prepareHost(): Promise<void> {
  const host = new Host(undefined)
  await host.run(hostPlan())
  await host.close()
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
