import { SlipwayError } from '../../base/errors.js'
import type { NetworkPool } from './network-pool.js'
import { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } from '../../base/timers.js'

/** How long, in milliseconds, nothing is made after a refusal, unless there is reason to hope. */
const REST_MS = 1000
/**
 * After a claim, none is made until no other has come for so long, in milliseconds: making one slows down claims that
 * come meanwhile. Where fewer than this part are left, until no more have come than could be made in that time: a burst
 * is faster than they are made, and over sooner without.
 */
const PAUSE_MS = 2
const LOW_PART = 1 / 4
const MOST_CLAIMS_IN_PAUSE = 2
/** As long as a timer may be, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * When the spare sandboxes of one Slipway are made: while the executor has nothing else to do, and callers do not come
 * thick and fast. One at a time, as more at once would only be in each other's way.
 */
export class Filling {
  readonly #pools: readonly NetworkPool[]
  readonly #made: (pool: NetworkPool) => void
  #filling: Promise<void> | undefined
  #rest: NodeJS.Timeout | undefined
  /** Since it was last looked at. */
  #claims = 0
  /** It begins when the loop turns. */
  #soon = false
  #opened = false
  #closed = false

  /** @param made - Is told of each. */
  constructor(pools: readonly NetworkPool[], made: (pool: NetworkPool) => void) {
    this.#pools = pools
    this.#made = made
  }

  open(): void {
    this.#opened = true
    this.#begin(false)
  }

  /** Somebody has taken one, or would have: who has goes on first, and others that come right after. */
  claimed(pool: NetworkPool): void {
    pool.resting = false
    this.#claims++
    if (this.#filling || this.#soon) return
    this.#soon = true
    // A timer costs as much as the rest of what a claim does here, or five times that after a pause.
    setImmediate(() => {
      this.#soon = false
      this.#begin(true)
    }).unref()
  }

  /** Resolves when no pool lacks any, those aside that nobody can fill now. */
  async whole(): Promise<void> {
    for (const pool of this.#pools) pool.resting = false
    this.#begin(false)
    await this.ended()
  }

  /** Those that rest wait a while. */
  rest(): void {
    this.#rest ??= setTimeout(() => {
      this.#rest = undefined
      for (const pool of this.#pools) if (!isAbsent(pool.failure)) pool.resting = false
      this.#begin(false)
    }, REST_MS).unref()
  }

  /** When none is being made. What is does not keep the process alive, but who waits for it does. */
  async ended(): Promise<void> {
    const hold = setInterval(() => undefined, LONGEST_TIMER_MS)
    try {
      while (this.#filling) await this.#filling
    } finally {
      clearInterval(hold)
    }
  }

  get closed(): boolean {
    return this.#closed
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#rest)
    await this.ended()
  }

  /** @param later - When claims have ceased to come. */
  #begin(later: boolean): void {
    if (!this.#opened || this.#closed || this.#filling || !this.#neediest()) return
    this.#filling = this.#makeAll(later)
  }

  async #makeAll(later: boolean): Promise<void> {
    try {
      if (later) await this.#untilQuiet()
      for (let pool = this.#neediest(); pool && !this.#closed; pool = this.#neediest()) {
        this.#claims = 0
        await pool.make()
        if (pool.resting) this.rest()
        else this.#made(pool)
        if (this.#claims > MOST_CLAIMS_IN_PAUSE) await this.#untilQuiet()
      }
    } finally {
      // Not a promise later: meanwhile one might be lacking that nobody would make.
      this.#filling = undefined
    }
  }

  async #untilQuiet(): Promise<void> {
    do {
      this.#claims = 0
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref())
    } while (!this.#closed && this.#claims > (this.#isLow() ? MOST_CLAIMS_IN_PAUSE : 0))
  }

  #isLow(): boolean {
    return this.#pools.some(({ ready, size }) => ready < size * LOW_PART)
  }

  #neediest(): NetworkPool | undefined {
    let found: NetworkPool | undefined
    for (const pool of this.#pools) if (pool.lacks && (!found || pool.ready < found.ready)) found = pool
    return found
  }
}

/** A network that somebody may create yet. */
export const isAbsent = (failure: unknown): boolean => failure instanceof SlipwayError && failure.code === 'NOT_FOUND'
