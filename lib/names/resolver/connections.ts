import type { Server, Socket } from 'node:net'
import { frame, FrameReader } from './frames.js'
import { HEADER, LARGEST_QUERY } from './message.js'
import type { Release } from './places.js'
import { setTimeout, clearTimeout } from '../../base/timers.js'

/** Milliseconds without a whole message, after which a connection is closed. */
const IDLE_MS = 10_000
/** Questions of one connection that are waited for before the next is read. */
const MOST_WAITING = 64
/**
 * Bytes of answers that one connection may have waiting: four of the longest. A client that does not read them while it
 * asks on has no more coming.
 */
const MOST_UNREAD = 1 << 18
/** Connections of which it is not yet known whose they are, for as long as the directory is read. */
const MOST_UNKNOWN = 256

export interface Answers {
  /** Called before `place`. A promise only where there is something to wait for. */
  refresh(): Promise<void> | undefined
  /**
   * A place for a connection from this address; `undefined` where there is none. @param lose - Called when another gets
   * it.
   */
  place(from: string, lose: () => void): Release | undefined
  answer(message: Buffer, from: string): Promise<Buffer | undefined>
}

/** Serves DNS over TCP: many questions on a connection, answered as the answers come (RFC 7766). */
export class Connections {
  readonly #answers: Answers
  readonly #sockets = new Set<Socket>()
  #unknown = 0

  constructor(answers: Answers) {
    this.#answers = answers
  }

  accept(server: Server): void {
    server.on('connection', (socket: Socket) => this.#receive(socket))
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #receive(socket: Socket): void {
    const from = socket.remoteAddress
    // It is gone again, or one too many.
    if (from === undefined || this.#unknown >= MOST_UNKNOWN) {
      socket.destroy()
      return
    }
    socket.unref()
    this.#sockets.add(socket)
    // Whatever it is (ECONNRESET, mostly), 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    const refreshed = this.#answers.refresh()
    if (!refreshed) return this.#place(socket, from)
    this.#unknown++
    const known = (): void => {
      this.#unknown--
      this.#place(socket, from)
    }
    // A directory that cannot be read is as good as it was: the question is told so.
    void refreshed.then(known, known)
  }

  #place(socket: Socket, from: string): void {
    if (socket.destroyed) return
    const release = this.#answers.place(from, () => socket.destroy())
    if (!release) {
      socket.destroy()
      return
    }
    socket.on('close', release)
    this.#serve(socket, from)
  }

  #serve(socket: Socket, from: string): void {
    const frames = new FrameReader()
    const idle = setTimeout(() => socket.destroy(), IDLE_MS).unref()
    /** Read from the socket, and not begun: what one chunk had, since the next is read when there is room. */
    let read: Buffer[] = []
    let waiting = 0
    let ended = false

    // A client that does not read its answers is not read from either.
    const pace = (): void => {
      while (read.length > 0 && waiting < MOST_WAITING && !socket.writableNeedDrain && !socket.destroyed)
        void serve(read.pop() as Buffer)
      if (ended && waiting === 0 && read.length === 0) socket.end()
      else if (read.length > 0 || waiting >= MOST_WAITING || socket.writableNeedDrain) socket.pause()
      else socket.resume()
    }
    const serve = async (message: Buffer): Promise<void> => {
      waiting++
      const answer = await this.#answers.answer(message, from)
      waiting--
      if (answer && socket.writable) socket.write(frame(answer))
      if (socket.writableLength > MOST_UNREAD) socket.destroy()
      pace()
    }
    socket.on('data', (chunk) => {
      const messages = frames.read(chunk)
      // The client speaks something else, or would have us work for nothing.
      if (messages.some(({ length }) => length < HEADER || length > LARGEST_QUERY)) {
        socket.destroy()
        return
      }
      if (messages.length > 0) idle.refresh()
      // Taken from the end, in the order in which they came. A chunk that comes while some are left is one that was on
      // its way.
      read = read.length > 0 ? [...messages.reverse(), ...read] : messages.reverse()
      pace()
    })
    socket.on('drain', pace)
    socket.on('end', () => {
      ended = true
      pace()
    })
    socket.on('close', () => {
      clearTimeout(idle)
      read = []
    })
  }
}
