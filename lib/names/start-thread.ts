import type { Worker } from 'node:worker_threads'
import { clearTimeout, now, setTimeout } from '../base/timers.js'
import { Datagrams } from '../kernel/native.js'
import { startThread } from '../kernel/start-thread.js'
import { duplicateListeners } from './resolver/listen.js'
import type { FromThread, ServedHost, ServedNetwork, ToThread } from './thread-messages.js'

/** Milliseconds after which a thread that has ended is started again: twice as many each time that it ends soon. */
const SHORTEST_REST_MS = 100
const LONGEST_REST_MS = 60_000

/**
 * The thread that answers the names of a host's networks. It starts with the first sandbox of this process that joins
 * one, or with the first question; it does not keep the process alive, and is started again when it ends by itself.
 */
export class NamesThread {
  readonly #host: ServedHost
  readonly #served = new Map<string, ServedNetwork>()
  /** Who waits for a network to be given up, by network. */
  readonly #stopping = new Map<string, (() => void)[]>()
  /** Tells of the first question, while there is no thread. */
  readonly #first = new Datagrams(undefined, undefined, () => this.start())
  /** Its sockets, by network. */
  readonly #watched = new Map<string, number[]>()
  #worker: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #rest = SHORTEST_REST_MS
  #closed = false

  constructor(host: ServedHost) {
    this.#host = host
  }

  /**
   * Has a network served. What is asked before the thread is there waits in its sockets.
   *
   * @throws {SlipwayError} `KERNEL`, when there are too many descriptors.
   */
  serve(network: ServedNetwork): void {
    if (this.#worker) this.#say({ serve: network })
    else if (!this.#timer) this.#watch(network)
    this.#served.set(network.id, network)
  }

  /** Starts the thread, if there is something to serve. One that has just ended has its rest first. */
  start(): void {
    if (this.#worker || this.#timer || this.#closed || this.#served.size === 0) return
    for (const id of [...this.#watched.keys()]) this.#unwatch(id)
    const began = now()
    let worker: Worker
    try {
      worker = startThread('names', import.meta.url, this.#host)
    } catch (error) {
      // Not this process's to have, by Node's permissions. What a sandbox has joined it has joined all the same.
      this.#startAgain((error as Error).message, 0)
      return
    }
    this.#worker = worker
    worker.on('message', ({ stopped }: FromThread) => this.#stopped(stopped))
    let reason = 'nobody says why'
    worker.on('error', (error) => {
      reason = error.message
    })
    worker.on('exit', () => this.#ended(worker, reason, now() - began))
    // Behind the listeners, with the first of which a worker keeps the process.
    worker.unref()
    for (const network of this.#served.values()) this.#say({ serve: network })
  }

  /** Resolves when a network is no more served, and nothing of the thread's has its sockets. */
  async stop(id: string): Promise<void> {
    this.#unwatch(id)
    if (!this.#served.delete(id) || !this.#worker) return
    const stopped = new Promise<void>((resolve) => {
      this.#stopping.set(id, [...(this.#stopping.get(id) ?? []), resolve])
    })
    this.#say({ stop: id })
    // A caller that waits for it is waited for.
    this.#worker.ref()
    await stopped
    if (this.#stopping.size === 0) this.#worker?.unref()
  }

  /** As {@link stop} for all networks. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#served.clear()
    for (const id of [...this.#watched.keys()]) this.#unwatch(id)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
    for (const id of [...this.#stopping.keys()]) this.#stopped(id)
  }

  #watch({ id, listeners }: ServedNetwork): void {
    const sockets = duplicateListeners(listeners).flatMap(({ udp, tcp }) => [udp, tcp])
    this.#watched.set(
      id,
      sockets.map((fd) => this.#first.add(fd)),
    )
  }

  #unwatch(id: string): void {
    for (const socket of this.#watched.get(id) ?? []) this.#first.remove(socket)
    this.#watched.delete(id)
  }

  #say(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  #stopped(id: string): void {
    for (const resolve of this.#stopping.get(id) ?? []) resolve()
    this.#stopping.delete(id)
  }

  #ended(worker: Worker, reason: string, lived: number): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    for (const id of [...this.#stopping.keys()]) this.#stopped(id)
    this.#startAgain(`it has ended: ${reason}`, lived)
  }

  #startAgain(reason: string, lived: number): void {
    if (lived > LONGEST_REST_MS) this.#rest = SHORTEST_REST_MS
    process.emitWarning(
      `The thread that answers the names of user-defined networks does not run (${reason}). It is started again in ${this.#rest} ms.`,
      { code: 'SLIPWAY_NAMES' },
    )
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.start()
    }, this.#rest).unref()
    this.#rest = Math.min(2 * this.#rest, LONGEST_REST_MS)
  }
}
