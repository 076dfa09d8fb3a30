import { clearTimeout, now, setTimeout } from '../base/timers.js'

/**
 * Looks at what news are about: one look at a time, and a rest after each, as what changes once may go on changing. A
 * rest does not keep the process alive.
 */
export class Looks {
  readonly #look: () => Promise<void>
  readonly #isDue: () => boolean
  #restUntil = 0
  #later: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #closed = false

  /**
   * @param look - Says with {@link rest} how long it is to be until the next.
   * @param isDue - Whether there is something to look at.
   */
  constructor(look: () => Promise<void>, isDue: () => boolean) {
    this.#look = look
    this.#isDue = isDue
  }

  get closed(): boolean {
    return this.#closed
  }

  /** There may be something to look at: at once, or when the rest is over. */
  wake(): void {
    if (this.#looking || this.#later || this.#closed || !this.#isDue()) return
    const rest = this.#restUntil - now()
    if (rest <= 0) {
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined
        this.wake()
      })
      return
    }
    this.#later = setTimeout(() => {
      this.#later = undefined
      this.wake()
    }, rest)
    this.#later.unref()
  }

  /** The next look comes after so many milliseconds, at the earliest. */
  rest(milliseconds: number): void {
    this.#restUntil = now() + milliseconds
  }

  /** After so many at the latest, whatever was said before. */
  shorten(milliseconds: number): void {
    this.#restUntil = Math.min(this.#restUntil, now() + milliseconds)
    clearTimeout(this.#later)
    this.#later = undefined
  }

  /** Resolves when no look is under way. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#later)
    await this.#looking
  }
}
