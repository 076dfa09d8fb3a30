import { runIn, type Place } from './world.js'

const ASK = `
import errno, socket, sys
kind, address, link, port = sys.argv[1:]
s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
s.settimeout(3)
try:
    s.connect((address, int(port), 0, socket.if_nametoindex(link)))
    s.send(b'x')
    print('answered' if s.recv(100) else 'closed')
except socket.timeout: print('nothing')
# The kernel tells a sender on the host itself that it may not.
except OSError as e: print('refused' if e.errno in (errno.ECONNREFUSED, errno.EPERM) else e)
`

/**
 * Asks an address of one link, of the kind that begins with fe80.
 *
 * @returns What comes of it: `answered`, `closed`, `refused`, or `nothing` within seconds.
 */
export async function askedOn(
  place: Pick<Place, 'path'>,
  link: string,
  kind: 'tcp' | 'udp',
  address: string,
  port: number,
): Promise<string> {
  const from = { name: '', path: place.path }
  return (await runIn(from, 'python3', '-c', ASK, kind, address, link, String(port))).stdout.trim()
}
