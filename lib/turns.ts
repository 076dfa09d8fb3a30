import { performance } from 'node:perf_hooks'

/** How long, in milliseconds, calls of one turn of the event loop may take together. */
const BUDGET = 0.3

/**
 * Keeps the event loop free when many calls come at once: those that do not fit into this turn of the loop wait for
 * later ones, first come first served. A lone call never waits.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []
  /** When the first and the last call of this turn were let go. */
  #started = -Infinity
  #last = -Infinity
  /** Somebody was let go and has not gone on yet: how long that takes is not known. */
  #letGo = false
  #scheduled = false

  /** Whether others wait for their turn. */
  get crowded(): boolean {
    return this.#waiting.length > 0
  }

  /** What to wait for before going on; `undefined` when there is no need to wait. */
  next(): Promise<void> | undefined {
    const now = performance.now()
    if (this.#waiting.length === 0 && !this.#letGo) {
      // Nobody has come for so long that the loop has turned meanwhile, or that it is not us who hold it.
      if (now - this.#last > BUDGET) this.#started = now
      if (now - this.#started < BUDGET) {
        this.#last = now
        this.#letGo = true
        // queueMicrotask() costs ten times as much, as it is an asynchronous resource to Node.js.
        void Promise.resolve().then(this.#gone)
        return undefined
      }
    }
    this.#schedule()
    return new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #schedule(): void {
    if (!this.#scheduled) setImmediate(this.#turn)
    this.#scheduled = true
  }

  readonly #gone = () => {
    this.#letGo = false
  }

  // What a caller does runs after this returns, so one is let go a turn.
  readonly #turn = () => {
    this.#scheduled = false
    this.#started = this.#last = performance.now()
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) this.#schedule()
  }
}
