/** Versions of the CNI specification that are spoken here, as `VERSION` tells them. */
export const VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const
export type CniVersion = (typeof VERSIONS)[number]
export const NEWEST: CniVersion = '1.1.0'

export const isAtLeast = (version: CniVersion, other: CniVersion): boolean =>
  VERSIONS.indexOf(version) >= VERSIONS.indexOf(other)
