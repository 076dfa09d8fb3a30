/**
 * Work that brings something up to date, or looks at it, one round at a time: who asks for it while a round runs waits
 * for the next.
 */
export class Rounds<T = void> {
  readonly #work: () => Promise<T>
  #running: Promise<T> | undefined
  #next: Promise<T> | undefined

  constructor(work: () => Promise<T>) {
    this.#work = work
  }

  /** A round that begins after this call, so that it sees what was there at the call. Many calls share one. */
  run(): Promise<T> {
    if (this.#next) return this.#next
    if (!this.#running) return this.#begin()
    this.#next = this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.#begin()
      })
    return this.#next
  }

  #begin(): Promise<T> {
    const round = this.#work().finally(() => {
      this.#running = undefined
    })
    this.#running = round
    return round
  }
}
