import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { createServer, isIPv6, type Server } from 'node:net'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { SlipwayError } from '../../base/errors.js'
import { bindSocket } from '../../kernel/native.js'
import type { InHost } from './ask.js'
import type { Transport } from './forward.js'

/** Something that a resolver listens on. */
export interface Place {
  protocol: Transport
  address: string
  port: number
}

export interface UdpListener {
  address: string
  /** The socket's, until it is closed. */
  fd: number
  socket: Socket
}

/** Somebody listens there already. */
export class PlaceTaken extends Error {
  readonly place: Place

  constructor(place: Place) {
    super(`${place.protocol} ${place.address} port ${place.port} is taken`)
    this.place = place
  }
}

/** @throws {PlaceTaken} @throws {SlipwayError} `KERNEL`, for one when the address is none of the host's. */
export function listenUdp(address: string, port: number, inHost: InHost): UdpListener {
  return adopt({ protocol: 'udp', address, port }, inHost, (fd) => ({
    address,
    fd,
    socket: createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' }).bind({ fd, exclusive: true }),
  }))
}

/** As {@link listenUdp}. */
export async function listenTcp(address: string, port: number, inHost: InHost): Promise<Server> {
  const place: Place = { protocol: 'tcp', address, port }
  // allowHalfOpen: a client may end its half after the last question and wait.
  const server = adopt(place, inHost, (fd) => createServer({ allowHalfOpen: true }).listen({ fd }))
  try {
    await once(server, 'listening')
  } catch (error) {
    // Two that bound at once, and the other was faster.
    const { code, errno = 0 } = error as NodeJS.ErrnoException
    throw code === 'EADDRINUSE' ? new PlaceTaken(place) : refused(place, -errno, 'listen')
  }
  return server
}

function adopt<T>(place: Place, inHost: InHost, open: (fd: number) => T): T {
  const { fd, failure } = inHost(() => bindSocket(place.protocol, place.address, place.port))
  if (failure)
    throw failure.errno === constants.errno.EADDRINUSE
      ? new PlaceTaken(place)
      : refused(place, failure.errno, failure.syscall)
  try {
    return open(fd)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function refused({ protocol, address, port }: Place, errno: number, syscall: string): SlipwayError {
  const errnoName = getSystemErrorName(-errno)
  const operation = `listen on ${protocol} ${address} port ${port}`
  return new SlipwayError(
    'KERNEL',
    `The kernel refused to ${operation}, where a network's names are served: ${errnoName}.`,
    { errno, errnoName, syscall, operation },
  )
}
