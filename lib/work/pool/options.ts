import type { PoolOptions, PoolSettings } from '../../base/settings.js'
import { checkOptions, isOptions, type Check } from '../../base/checks.js'
import { invalid } from '../../base/errors.js'
import { nameCheck } from '../../base/name.js'
import { stackNamed } from '../../drivers/index.js'
import { DEFAULT_NETWORK } from '../../store/network-spec.js'

/** A bridge takes 1,023 ports, and those that wait take theirs, too. */
const MOST = 1000
/** The namespace, a mount of it that is attached nowhere yet, a file for the record, a socket for a port. */
export const DESCRIPTORS_EACH = 4

export const poolCheck: Check = (value) => (isOptions(value) ? undefined : 'an object of options, as in { size: 32 }')

const size: Check = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST
    ? undefined
    : `a whole number from 0 to ${MOST}: a Linux bridge takes 1,023 ports, and each of these is one`
const isNetwork = (name: unknown) =>
  typeof name === 'string' && nameCheck(name) === undefined && stackNamed(name) === undefined
const networks: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isNetwork)
    ? undefined
    : "a list of names of networks, as in ['bridge', 'web']"

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readPoolOptions(options: PoolOptions): PoolSettings {
  checkOptions('Slipway.open: pool', options, { size, networks })
  return { size: options.size ?? 0, networks: [...new Set(options.networks ?? [DEFAULT_NETWORK])] }
}

/**
 * A quarter of what a process may have is for these at most: half is for published ports, the rest its own.
 *
 * @param limit - RLIMIT_NOFILE.
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function checkDescriptors({ size, networks }: PoolSettings, limit: number): void {
  const needed = size * networks.length * DESCRIPTORS_EACH
  if (needed <= limit / 4) return
  throw invalid(
    `Slipway.open: pool: ${size} on ${networks.length === 1 ? 'one network' : `each of ${networks.length} networks`} take ${needed} descriptors, more than a quarter of the ${limit} that this process may have. Give a smaller size, or raise the limit: ulimit -n ${needed * 4}.`,
  )
}
