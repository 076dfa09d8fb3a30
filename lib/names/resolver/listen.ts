import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { SlipwayError } from '../../base/errors.js'
import { explainTrouble } from '../../base/trouble.js'
import { bindSocket, duplicateSocket, type NativeFailure } from '../../kernel/native.js'
import { describeFailure } from '../../kernel/refusal.js'
import type { InHost } from './ask.js'
import type { Transport } from './forward.js'

/** Something that a resolver listens on. */
export interface Place {
  protocol: Transport
  address: string
  port: number
}

/** The sockets of an address, by their descriptors. */
export interface Listener {
  address: string
  udp: number
  tcp: number
}

/** Somebody listens there already. */
export class PlaceTaken extends Error {
  readonly place: Place

  constructor(place: Place) {
    super(`${place.protocol} ${place.address} port ${place.port} is taken`)
    this.place = place
  }
}

/**
 * Binds all of the addresses by UDP and TCP, or none. What comes in waits until somebody reads it.
 *
 * @throws {PlaceTaken} @throws {SlipwayError} `KERNEL`, for one when an address is none of the host's.
 */
export function bindListeners(addresses: readonly string[], port: number, inHost: InHost): Listener[] {
  return all(addresses, (address, bound) => {
    const udp = bind({ protocol: 'udp', address, port }, inHost)
    bound.push(udp)
    const tcp = bind({ protocol: 'tcp', address, port }, inHost)
    bound.push(tcp)
    return { address, udp, tcp }
  })
}

/** Further descriptors of the same sockets. @throws {SlipwayError} `KERNEL`, when there are too many. */
export function duplicateListeners(listeners: readonly Listener[]): Listener[] {
  return all(listeners, ({ address, udp, tcp }, made) => {
    const own = { address, udp: duplicate(udp), tcp: -1 }
    made.push(own.udp)
    own.tcp = duplicate(tcp)
    made.push(own.tcp)
    return own
  })
}

export function closeListeners(listeners: readonly Listener[]): void {
  for (const { udp, tcp } of listeners) {
    closeSync(udp)
    closeSync(tcp)
  }
}

/** Closes what was opened when one of them fails. */
function all<T>(items: readonly T[], open: (item: T, opened: number[]) => Listener): Listener[] {
  const opened: number[] = []
  try {
    return items.map((item) => open(item, opened))
  } catch (error) {
    for (const fd of opened) closeSync(fd)
    throw error
  }
}

function bind(place: Place, inHost: InHost): number {
  const { fd, failure } = inHost(() => bindSocket(place.protocol, place.address, place.port))
  if (!failure) return fd
  if (failure.errno === constants.errno.EADDRINUSE) throw new PlaceTaken(place)
  const { protocol, address, port } = place
  throw refused(failure, `listen on ${protocol} ${address} port ${port}`)
}

function duplicate(socket: number): number {
  const { fd, failure } = duplicateSocket(socket)
  if (!failure) return fd
  throw refused(failure, 'listen on one more descriptor')
}

function refused(failure: NativeFailure, operation: string): SlipwayError {
  const refusal = describeFailure(failure, operation)
  const [code, message] = explainTrouble(refusal) ?? [
    'KERNEL',
    `The kernel refused to ${operation}, where a network's names are served: ${refusal.errnoName}.`,
  ]
  return new SlipwayError(code, message, refusal)
}
