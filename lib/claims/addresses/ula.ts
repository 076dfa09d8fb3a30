import { readFileSync } from 'node:fs'
import type { AddressPoolSpec } from '../../base/settings.js'
import { familyOf } from '../../base/addresses/ip.js'
import { parseSubnet, printSubnet } from '../../base/addresses/subnet.js'
import { sha256 } from '../../base/sha256.js'

/**
 * The unique local addresses of one machine (RFC 4193): 40 bits of a hash behind fd, cut as /64s. The same machine gets
 * the same ones every time, two machines hardly ever.
 *
 * @param machineId - Hashed with a word of ours: machine-id(5) asks that it not be shown.
 */
export function ulaPool(machineId: string): AddressPoolSpec {
  const hash = sha256(`slipway ${machineId}`)
  const base = parseSubnet(`fd${hash.slice(0, 2)}:${hash.slice(2, 6)}:${hash.slice(6, 10)}::/48`)
  if (!base) throw new RangeError(`no prefix of ${hash}`)
  return { base: printSubnet(base), size: 64 }
}

/** The pools, and as in docker this machine's own unique local addresses when none of them is IPv6. */
export const withIpv6Pool = (pools: readonly AddressPoolSpec[]): readonly AddressPoolSpec[] =>
  pools.some(({ base }) => familyOf(base) === 6) ? pools : [...pools, ulaPool(machineId())]

/** Where the machine has no id of its own, that of this boot: no network of ours outlives it either. */
function machineId(): string {
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      const id = readFileSync(path, 'latin1').trim()
      // The file says "uninitialized" during a first boot.
      if (/^[0-9a-f]{32}$/.test(id)) return id
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
}
