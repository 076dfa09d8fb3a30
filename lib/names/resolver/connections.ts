import type { Server, Socket } from 'node:net'
import { frame, FrameReader } from './frames.js'

/** Milliseconds without a whole message, after which a connection is closed. */
const IDLE_MS = 10_000
/** Connections in all, and from one address, so that one sandbox leaves room for the others. */
const MOST_CONNECTIONS = 256
const MOST_FROM_ONE = 32
/** Questions of one connection that are waited for before the next is read. */
const MOST_WAITING = 64

export type AnswerMessage = (message: Buffer, from: string) => Promise<Buffer | undefined>

/** Serves DNS over TCP: many questions on a connection, answered as the answers come (RFC 7766). */
export class Connections {
  readonly #answer: AnswerMessage
  readonly #sockets = new Set<Socket>()
  readonly #from = new Map<string, number>()

  constructor(answer: AnswerMessage) {
    this.#answer = answer
  }

  accept(server: Server): void {
    server.on('connection', (socket: Socket) => this.#serve(socket))
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(socket: Socket): void {
    const from = socket.remoteAddress
    // It is gone again, or one too many.
    if (from === undefined || this.#sockets.size >= MOST_CONNECTIONS || this.#count(from, 0) >= MOST_FROM_ONE) {
      socket.destroy()
      return
    }
    socket.unref()
    this.#sockets.add(socket)
    this.#count(from, 1)
    const frames = new FrameReader()
    const idle = setTimeout(() => socket.destroy(), IDLE_MS).unref()
    let waiting = 0
    let ended = false

    // Who does not read its answers is not read from either.
    const pace = (): void => {
      if (ended && waiting === 0) socket.end()
      else if (waiting >= MOST_WAITING || socket.writableNeedDrain) socket.pause()
      else socket.resume()
    }
    const serve = async (message: Buffer): Promise<void> => {
      waiting++
      const answer = await this.#answer(message, from)
      waiting--
      if (answer && socket.writable) socket.write(frame(answer))
      pace()
    }
    socket.on('data', (chunk) => {
      const messages = frames.read(chunk)
      if (messages.length > 0) idle.refresh()
      for (const message of messages) void serve(message)
      pace()
    })
    socket.on('drain', pace)
    socket.on('end', () => {
      ended = true
      pace()
    })
    // Whatever it is (ECONNRESET, mostly), 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(idle)
      this.#sockets.delete(socket)
      this.#count(from, -1)
    })
  }

  #count(from: string, change: number): number {
    const count = (this.#from.get(from) ?? 0) + change
    if (count > 0) this.#from.set(from, count)
    else this.#from.delete(from)
    return count
  }
}
