import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Queue } from '../../base/queue.js'

export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
}

/** So many requests of a connection wait before no more of it is read. */
const MOST_WAITING = 16

interface Line {
  waiting: Queue<Exchange>
  current: Exchange | undefined
}

/**
 * The requests of each connection, one after the other: who sends many without waiting for answers waits for its own,
 * and others do not wait for them.
 */
export class Connections {
  readonly #lines = new WeakMap<Socket, Line>()
  readonly #serve: (exchange: Exchange) => Promise<void>

  constructor(serve: (exchange: Exchange) => Promise<void>) {
    this.#serve = serve
  }

  add(exchange: Exchange): void {
    const { socket } = exchange.request
    const line = this.#lines.get(socket) ?? { waiting: new Queue<Exchange>(), current: undefined }
    this.#lines.set(socket, line)
    line.waiting.push(exchange)
    if (line.waiting.length >= MOST_WAITING) socket.pause()
    if (!line.current) void this.#work(line, socket)
  }

  /** Whether an answer is on its way to a client, so that nothing else may be written. */
  isAnswering(socket: Socket): boolean {
    return this.#lines.get(socket)?.current?.response.headersSent ?? false
  }

  async #work(line: Line, socket: Socket): Promise<void> {
    for (let next = line.waiting.shift(); next; next = line.waiting.shift()) {
      line.current = next
      await this.#serve(next)
      if (line.waiting.length < MOST_WAITING && socket.isPaused()) socket.resume()
    }
    line.current = undefined
  }
}
