import type { Socket } from 'node:net'
import { Queue } from '../../base/queue.js'
import { now, setImmediate } from '../../base/timers.js'

/** So long, in milliseconds, a turn of the event loop reads requests. */
const TURN_MS = 1
/** So many connections that were held are looked at again in each turn. */
const AGAIN = 8

/**
 * Keeps the event loop free where very many clients send at once: Node.js would read what all of them have sent in one
 * turn. Once a turn has read its share, the other connections are not looked at, and come later in their order.
 */
export class Pace {
  readonly #open = new Set<Socket>()
  readonly #held = new Queue<Socket>()
  /** When the first request of this turn was read. */
  #began: number | undefined

  /** A connection has come. */
  add(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
  }

  /** A request has been read. */
  begin(): void {
    if (this.#began === undefined) {
      this.#began = now()
      if (this.#held.length === 0) setImmediate(this.#turn)
    } else if (now() - this.#began > TURN_MS) this.#holdOthers()
  }

  #holdOthers(): void {
    for (const socket of this.#open) {
      if (socket.isPaused()) continue
      socket.pause()
      this.#held.push(socket)
    }
  }

  readonly #turn = () => {
    this.#began = undefined
    for (let i = 0; i < AGAIN; i++) this.#held.shift()?.resume()
    if (this.#held.length > 0) setImmediate(this.#turn)
  }
}
