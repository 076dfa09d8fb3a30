import type { Server, Socket } from 'node:net'
import type { Inside } from './inside.js'

/**
 * Node.js names the interface of a link-local address (`fe80::1%eth0`) when it is asked for the address first, and by
 * the network that its thread is in at that moment: on the host that is another one's name, or an error where it has no
 * interface of that number. So it is asked inside; it keeps the answer.
 */
export function nameZones(inside: Inside, socket: Socket): void {
  if (!hasZone(socket)) return
  forget(socket)
  try {
    inside.enter(() => void [socket.remoteAddress, socket.localAddress])
  } catch {
    // The sandbox, or its interface, has gone: then it has no name.
  }
}

/** Of each connection, before anybody else hears of it. */
export function nameZonesOf(inside: Inside, server: Server): void {
  server.prependListener('connection', (socket: Socket) => nameZones(inside, socket))
  server.prependListener('secureConnection', (socket: Socket) => nameZones(inside, socket))
}

function hasZone(socket: Socket): boolean {
  try {
    return [socket.remoteAddress, socket.localAddress].some((address) => address?.includes('%'))
  } catch {
    return true
  }
}

/** What Node.js keeps. */
const KEPT = ['_peername', '_sockname'] as const

function forget(socket: Socket): void {
  const kept = socket as unknown as Partial<Record<(typeof KEPT)[number], object>>
  for (const name of KEPT) delete kept[name]
}
