import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * What is there without Slipway: an uplink of the host and a neighbour at its other end. A real host has these already;
 * here they are made by ip(8).
 */

export const HOST_ADDRESS = '192.0.2.1'
export const NEIGHBOUR_ADDRESS = '192.0.2.9'
export const NEIGHBOUR = 'neighbour'
export const UPLINK = 'uplink'

/**
 * Refuses to go on in the machine's own namespaces. scripts/in-own-namespaces.sh is known by the /run that it mounts.
 */
export function requireThrowawayHost(startedBy: string): void {
  if (/^slipway \/run tmpfs /m.test(readFileSync('/proc/self/mounts', 'utf8'))) return
  throw new Error(
    `This makes bridges, tables and sysctls, and does so in namespaces of its own only. Start it by: ${startedBy}`,
  )
}

export function makeNeighbourhood(subnet: string): void {
  ip(`netns add ${NEIGHBOUR}`)
  ip(`link add ${UPLINK} type veth peer name eth0 netns ${NEIGHBOUR}`)
  ip(`address add ${HOST_ADDRESS}/24 dev ${UPLINK}`)
  ip(`link set ${UPLINK} up`)
  ip(`-n ${NEIGHBOUR} address add ${NEIGHBOUR_ADDRESS}/24 dev eth0`)
  ip(`-n ${NEIGHBOUR} link set eth0 up`)
  // A neighbour that tries to get past the published ports.
  ip(`-n ${NEIGHBOUR} route add ${subnet} via ${HOST_ADDRESS}`)
}

export const removeNeighbourhood = (): void => ip(`netns delete ${NEIGHBOUR}`)

export function ip(command: string): void {
  execFileSync('ip', command.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] })
}
