import { clearTimeout, clock, setTimeout } from '../base/timers.js'

/**
 * After a look at which all was well, the next comes so many milliseconds later, in passing: other processes change
 * nf_tables, too, all the time.
 */
const REST_MS = 20

/** Looks whether all is well when something was seen to have moved, one look at a time. */
export class RulesetWatch {
  readonly #look: () => Promise<boolean>
  #looking = false
  #wellUntil = 0
  #later: NodeJS.Timeout | undefined
  #closed = false

  /** @param look - Puts right what is not; whether there was such. */
  constructor(look: () => Promise<boolean>) {
    this.#look = look
  }

  /** Resolves when all is well, or at once where it was so a moment ago. */
  async moved(): Promise<void> {
    if (this.#looking || this.#closed || this.#later) return
    const rest = this.#wellUntil - clock.now()
    if (rest > 0) {
      this.#later = setTimeout(() => {
        this.#later = undefined
        void this.#now()
      }, rest)
      this.#later.unref()
      return
    }
    await this.#now()
  }

  async #now(): Promise<void> {
    this.#looking = true
    try {
      this.#wellUntil = (await this.#look()) ? 0 : clock.now() + REST_MS
    } catch {
      // The call that needs what is not there is refused, and says why.
    } finally {
      this.#looking = false
    }
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#later)
  }
}
