import { performance } from 'node:perf_hooks'

/** How long, in milliseconds, calls of one turn of the event loop may take together. */
const BUDGET = 0.3

/**
 * Keeps the event loop free when many calls come at once: those that do not fit into this turn of the loop wait for
 * later ones, first come first served. A lone call never waits.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #started: number | undefined
  /** Somebody was let go and has not gone on yet: how long that takes is not known. */
  #letGo = false

  /** Resolves when the caller may go on. */
  async next(): Promise<void> {
    if (this.#started === undefined) {
      this.#started = performance.now()
      setImmediate(this.#turn)
      return this.#pass()
    }
    if (!this.#letGo && this.#waiting.length === 0 && performance.now() - this.#started < BUDGET) return this.#pass()
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #pass(): void {
    this.#letGo = true
    queueMicrotask(() => (this.#letGo = false))
  }

  // What a caller does runs after this returns, so one is let go a turn.
  readonly #turn = () => {
    const go = this.#waiting.shift()
    this.#started = go ? performance.now() : undefined
    if (!go) return
    setImmediate(this.#turn)
    go()
  }
}
