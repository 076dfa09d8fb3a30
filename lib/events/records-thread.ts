import type { Worker } from 'node:worker_threads'
import { clearTimeout, now, setTimeout } from '../base/timers.js'
import { startThread } from '../kernel/start-thread.js'
import { makeFolder } from '../store/make-folder.js'
import type { FollowedFolders, FromRecords, FromThread } from './thread-messages.js'

/** Milliseconds after which a thread that has ended is started again: twice as many each time that it ends soon. */
const SHORTEST_REST_MS = 100
const LONGEST_REST_MS = 60_000

/** Who is told what records say. */
export interface RecordsListener {
  read(records: readonly FromRecords[]): void
  /** All that there is has been said: what was not, has gone. */
  ready(ids: ReadonlySet<string>): void
  /** What was done before a time has been said. */
  settled(time: number): void
  /** It has ended, or cannot be started, and is tried again. */
  failed(reason: string): void
}

/** The thread that follows records, while somebody listens. It keeps the process alive, and is started again. */
export class RecordsThread {
  readonly #folders: FollowedFolders
  readonly #listener: RecordsListener
  #worker: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #rest = SHORTEST_REST_MS
  #closed = false

  constructor(folders: FollowedFolders, listener: RecordsListener) {
    this.#folders = folders
    this.#listener = listener
    this.#start()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#worker?.terminate()
  }

  #start(): void {
    const began = now()
    let worker: Worker
    try {
      for (const folder of [this.#folders.sandboxes, this.#folders.networks]) makeFolder(folder)
      worker = startThread('events', import.meta.url, this.#folders)
    } catch (error) {
      this.#ended((error as Error).message, 0)
      return
    }
    this.#worker = worker
    const ids = new Set<string>()
    let isReady = false
    worker.on('message', (message: FromThread) => {
      if (this.#closed) return
      if (message === 'ready') {
        isReady = true
        return this.#listener.ready(ids)
      }
      if ('settled' in message) return this.#listener.settled(message.settled)
      if (!isReady) for (const { id, facts } of message) if (facts.length > 0) ids.add(id)
      this.#listener.read(message)
    })
    let reason = 'nobody says why'
    worker.on('error', (error) => {
      reason = error.message
    })
    worker.on('exit', () => this.#ended(reason, now() - began))
  }

  #ended(reason: string, lived: number): void {
    this.#worker = undefined
    if (this.#closed) return
    if (lived > LONGEST_REST_MS) this.#rest = SHORTEST_REST_MS
    this.#listener.failed(reason)
    this.#timer = setTimeout(() => this.#start(), this.#rest)
    this.#rest = Math.min(2 * this.#rest, LONGEST_REST_MS)
  }
}
