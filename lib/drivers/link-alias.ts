import type { NetworkSpec } from '../store/network-spec.js'

/** Alias of a network's link on the host: which network it is, and where the records of its sandboxes are. */
export const linkAlias = (network: Pick<NetworkSpec, 'name' | 'stateDir'>): string =>
  `slipway network ${network.name}, records in ${network.stateDir}`

/** The two halves of {@link linkAlias}; `undefined` for the alias of somebody else's link. */
export function readLinkAlias(alias: string): { name: string; stateDir: string } | undefined {
  const [, name, stateDir] = /^slipway network (.+?), records in (.+)$/.exec(alias) ?? []
  return name !== undefined && stateDir !== undefined ? { name, stateDir } : undefined
}

/** IFALIASZ of linux/if.h, without the null. */
export const LONGEST_ALIAS = 255
