import { SlipwayError } from '../../base/errors.js'

/** The first descriptor that systemd passes on: sd_listen_fds(3). */
const FIRST = 3

/**
 * The sockets that systemd has opened for this process (socket activation).
 *
 * @returns Their descriptors.
 * @throws {SlipwayError} `NOT_FOUND` when there are none.
 */
export function inheritedSockets(environment: NodeJS.ProcessEnv = process.env): number[] {
  const count = Number(environment['LISTEN_FDS'] ?? 0)
  const isOurs = environment['LISTEN_PID'] === String(process.pid)
  // Not for programs that this process starts.
  for (const name of ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES']) delete environment[name]
  if (!isOurs || !Number.isInteger(count) || count < 1)
    throw new SlipwayError(
      'NOT_FOUND',
      'fd:// is for a service of systemd with a socket unit (LISTEN_FDS and LISTEN_PID), and this process was given no socket. Give an address: -H unix:///run/slipway/slipway.sock.',
    )
  return Array.from({ length: count }, (_, at) => FIRST + at)
}
