import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import { enter } from '#lib/kernel/native.js'
import type { Place } from './world.js'

/** TCP connections that last, and what becomes of them. */

/** Milliseconds for an answer, with some of TCP's own repetitions. */
const PATIENCE = 15_000

/** A TCP server that says everything again, on all addresses of a place. */
export function serveEcho(t: ExecutionContext, place: Place, port: number): void {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).pipe(socket)
  })
  enter(place.path, () => server.listen(port))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
}

/** A connection from a place to an echo server. */
export class Conversation {
  readonly #client
  #heard = ''

  /** @param to - `192.0.2.1:8080`, `[fd00::1]:8080` */
  constructor(t: ExecutionContext, from: Place, to: string) {
    this.#client = spawn('nsenter', [`--net=${from.path}`, 'socat', '-', `TCP:${to}`], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    // What is said to one that has ended.
    this.#client.stdin.on('error', () => undefined)
    this.#client.stdout.setEncoding('utf8').on('data', (text: string) => (this.#heard += text))
    t.teardown(() => this.#client.kill())
  }

  /** Says a word, and waits to hear it. */
  async says(word: string): Promise<boolean> {
    this.#client.stdin.write(`${word}\n`)
    const signal = AbortSignal.timeout(PATIENCE)
    while (!this.#heard.includes(`${word}\n`)) {
      try {
        await once(this.#client.stdout, 'data', { signal })
      } catch {
        return false
      }
    }
    return true
  }

  /** Says a word, and is told that the connection is over. */
  async isOver(word: string): Promise<boolean> {
    if (this.#client.exitCode !== null) return true
    const over = once(this.#client, 'exit', { signal: AbortSignal.timeout(PATIENCE) })
    this.#client.stdin.write(`${word}\n`)
    return over.then(
      () => true,
      () => false,
    )
  }
}
