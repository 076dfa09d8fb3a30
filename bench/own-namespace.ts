import { readFileSync } from 'node:fs'

/**
 * Refuses to go on in the namespaces of the machine: a benchmark makes bridges, tables and sysctls, and one mistyped
 * command must not make them there. scripts/in-own-namespaces.sh is known by the /run that it mounts.
 *
 * @throws {Error}
 */
export function requireOwnNamespaces(): void {
  if (/^slipway \/run tmpfs /m.test(readFileSync('/proc/self/mounts', 'utf8'))) return
  throw new Error('The benchmark runs in namespaces of its own only. Start it by: npm run bench')
}
