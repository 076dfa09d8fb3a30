import { readFileSync } from 'node:fs'
import { SlipwayError } from '../base/errors.js'

// Bit numbers of capabilities(7).
const NEEDED = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n }

/** Names of the capabilities that this process lacks. */
export function missingCapabilities(): string[] {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  const effective = BigInt(`0x${line?.[1] ?? '0'}`)
  return Object.entries(NEEDED).flatMap(([name, bit]) => (effective & (1n << bit) ? [] : [name]))
}

/** @throws {SlipwayError} `PERMISSION`, which says how to get them. */
export function requireCapabilities(): void {
  const missing = missingCapabilities()
  if (missing.length === 0) return
  throw new SlipwayError(
    'PERMISSION',
    `This process lacks ${missing.join(' and ')}. Run it as root, or grant it: ` +
      `setcap cap_net_admin,cap_sys_admin+ep $(readlink -f $(which node)), AmbientCapabilities= in a systemd unit, ` +
      `or docker run --cap-add NET_ADMIN --cap-add SYS_ADMIN.`,
  )
}
