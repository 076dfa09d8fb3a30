import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { clearTimeout, now, setTimeout } from '../base/timers.js'
import { packageRoot } from '../kernel/native.js'
import type { FromThread, ServedHost, ServedNetwork, ToThread } from './thread-messages.js'

/** Milliseconds until a network is served that no sandbox of this process has joined: a command ends before that. */
const LATER_MS = 200
/** Milliseconds after which a thread that has ended is started again: twice as many each time that it ends soon. */
const SHORTEST_REST_MS = 100
const LONGEST_REST_MS = 60_000

/**
 * The thread that answers the names of a host's networks. It starts with the first sandbox that joins one, does not
 * keep the process alive, and is started again when it ends by itself.
 */
export class NamesThread {
  readonly #host: ServedHost
  readonly #served = new Map<string, ServedNetwork>()
  /** Networks that are given up, with who waits for that. */
  readonly #stopping = new Map<string, () => void>()
  #worker: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #rest = SHORTEST_REST_MS
  #closed = false

  constructor(host: ServedHost) {
    this.#host = host
  }

  /** Has a network served, soon. What is asked before that waits in its sockets. */
  serve(network: ServedNetwork): void {
    this.#served.set(network.id, network)
    if (this.#worker) this.#say({ serve: network })
    else this.#startIn(LATER_MS)
  }

  /** Starts the thread, if there is something to serve. */
  start(): void {
    if (this.#worker || this.#closed || this.#served.size === 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    const worker = startWorker(this.#host)
    const began = now()
    this.#worker = worker
    worker.on('message', ({ stopped }: FromThread) => this.#stopped(stopped))
    let reason = 'it ended'
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
    if (!this.#served.delete(id) || !this.#worker) return
    const stopped = new Promise<void>((resolve) => this.#stopping.set(id, resolve))
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
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
    for (const id of [...this.#stopping.keys()]) this.#stopped(id)
  }

  #say(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  #stopped(id: string): void {
    this.#stopping.get(id)?.()
    this.#stopping.delete(id)
  }

  #startIn(milliseconds: number): void {
    this.#timer ??= setTimeout(() => this.start(), milliseconds).unref()
  }

  #ended(worker: Worker, reason: string, lived: number): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    for (const id of [...this.#stopping.keys()]) this.#stopped(id)
    if (lived > LONGEST_REST_MS) this.#rest = SHORTEST_REST_MS
    process.emitWarning(
      `The thread that answers the names of user-defined networks has ended (${reason}). It is started again in ${this.#rest} ms.`,
      { code: 'SLIPWAY_NAMES' },
    )
    this.#startIn(this.#rest)
    this.#rest = Math.min(2 * this.#rest, LONGEST_REST_MS)
  }
}

/** None of this process's options: a loader of a test runner is of no use there. */
function startWorker(workerData: ServedHost): Worker {
  const { Worker: Thread } = process.getBuiltinModule('node:worker_threads')
  return new Thread(threadFile(), { workerData, execArgv: [], name: 'slipway names', stdout: false, stderr: false })
}

/** Beside this file; in the package where this one is part of another program's bundle. */
function threadFile(): string {
  const beside = fileURLToPath(new URL('names-thread.js', import.meta.url))
  return existsSync(beside) ? beside : `${packageRoot()}dist/names-thread.js`
}
