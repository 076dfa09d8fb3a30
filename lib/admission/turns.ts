import { clock, setImmediate } from '../base/timers.js'

/** How long, in milliseconds, calls of one turn of the event loop may take together. */
const TURN_MS = 0.3
/** So many are let go in a turn at most: what their plans take, and what follows them, comes on top. */
export const CALLS_PER_TURN = 4
/**
 * So many plans that were handed over keep the executor's thread busy; more would only wait there, with all that they
 * hold in memory.
 */
export const MOST_HANDED_OVER = 32

type Go = () => void

/**
 * Keeps the event loop free when many calls come at once: those that do not fit into this turn of the loop wait for
 * later ones, first come first served. A lone call never waits.
 */
export class Turns {
  /** They have had a turn, have waited for something together with others, and go on. */
  readonly #back: Go[] = []
  readonly #calls: Go[] = []
  /** Calls that hand a plan over. They wait for the executor's thread, too, and let the others pass meanwhile. */
  readonly #handing: Go[] = []
  /** Plans that were handed over. */
  #away = 0
  /** When the first and the last call of this turn were let go. */
  #started = -Infinity
  #last = -Infinity
  /** Somebody was let go and has not gone on yet: how long that takes is not known. */
  #letGo = false
  /** Of the immediates that were asked for the next turn, or for this one: how many are to come, of how many. */
  #coming = 0
  #asked = 0
  /** Whose turn it is where both wait. */
  #handingNext = false

  /** Whether others wait for their turn. */
  get isContended(): boolean {
    return this.#handing.length > 0 || this.#calls.length > 0 || this.#back.length > 0
  }

  /** What to wait for before going on; `undefined` when there is no need to wait. */
  next(): Promise<void> | undefined {
    return this.#enter(this.#calls)
  }

  /** The same before a plan is made that the executor's thread will run: {@link handOver} it. */
  nextToHandOver(): Promise<void> | undefined {
    return this.#away < MOST_HANDED_OVER ? this.#enter(this.#handing) : this.#wait(this.#handing)
  }

  /** A plan that may take a while is on its way to the executor's thread, until {@link handBack}. */
  handOver(): void {
    this.#away++
  }

  handBack(): void {
    this.#away--
    if (this.#handing.length > 0) this.#schedule()
  }

  /**
   * For calls that hand a plan over: waits for what others may be waiting for as well, and then for a turn, as they are
   * not to go on all at once. Meanwhile it counts as handed over: were the rest of a thousand to come and wait, too,
   * all would be held in memory.
   */
  async after<T>(event: Promise<T>): Promise<T> {
    this.handOver()
    let outcome: T
    try {
      outcome = await event
    } finally {
      this.handBack()
    }
    const turn = this.#enter(this.#back)
    if (turn) await turn
    return outcome
  }

  #enter(queue: Go[]): Promise<void> | undefined {
    if (queue.length === 0 && this.#back.length === 0 && !this.#letGo) {
      const now = clock.now()
      // Nobody has come for so long that the loop has turned meanwhile, or that it is not us who hold it.
      if (now - this.#last > TURN_MS) this.#started = now
      if (now - this.#started < TURN_MS) {
        this.#last = now
        this.#letGo = true
        // queueMicrotask() costs ten times as much, as it is an asynchronous resource to Node.js.
        void Promise.resolve().then(this.#gone)
        return undefined
      }
    }
    return this.#wait(queue)
  }

  #wait(queue: Go[]): Promise<void> {
    const turn = new Promise<void>((resolve) => queue.push(resolve))
    this.#schedule()
    return turn
  }

  get #ready(): number {
    return this.#back.length + this.#calls.length + (this.#away < MOST_HANDED_OVER ? this.#handing.length : 0)
  }

  // What a caller does is done before the next immediate of the same turn is run.
  #schedule(): void {
    if (this.#coming > 0) return
    this.#coming = this.#asked = Math.min(this.#ready, CALLS_PER_TURN)
    for (let i = 0; i < this.#asked; i++) setImmediate(this.#turn)
  }

  readonly #gone = () => {
    this.#letGo = false
  }

  readonly #turn = () => {
    const now = clock.now()
    if (this.#coming === this.#asked) this.#started = now
    this.#coming--
    if (now - this.#started < TURN_MS) {
      this.#last = now
      this.#pick()?.()
    }
    this.#schedule()
  }

  #pick(): Go | undefined {
    if (this.#back.length > 0) return this.#back.shift()
    const mayHand = this.#handing.length > 0 && this.#away < MOST_HANDED_OVER
    const handing: boolean = mayHand && (this.#handingNext || this.#calls.length === 0)
    this.#handingNext = !handing
    return (handing ? this.#handing : this.#calls).shift()
  }
}
