import type { NativeExecutor, Outcome } from './native.js'

/** How long, in milliseconds, the thread stays when there is nothing left to do. */
const IDLE_MS = 200

/** A thread for what takes long and nobody waits for. It is there while there is such work, and goes again. */
export class Aside {
  readonly #open: () => NativeExecutor
  #executor: NativeExecutor | undefined
  #running = 0
  #timer: NodeJS.Timeout | undefined

  constructor(open: () => NativeExecutor) {
    this.#open = open
  }

  async run(plan: string, phases: boolean, refuse: number | undefined): Promise<Outcome | undefined> {
    clearTimeout(this.#timer)
    this.#running++
    try {
      return await (this.#executor ??= this.#open()).run(plan, phases, refuse, 0, false)
    } finally {
      if (--this.#running === 0) this.#timer = setTimeout(() => void this.close(), IDLE_MS).unref()
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    const executor = this.#executor
    this.#executor = undefined
    await executor?.close()
  }
}
