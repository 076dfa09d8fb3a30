import { Turns } from '../../admission/turns.js'
import { Queue } from '../../base/queue.js'

/** So many requests are worked on at a time. The others wait for these, and hold nothing but what they have sent. */
const MOST_AT_WORK = 64

/**
 * Which request is worked on next: first come, first served, one of a connection at a time. The event loop gets control
 * back between them, however many have come.
 */
export class Admission {
  readonly #turns = new Turns()
  readonly #waiting = new Queue<() => void>()
  #atWork = 0

  /** Does something when it has its turn. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#atWork < MOST_AT_WORK) this.#atWork++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      const turn = this.#turns.next()
      if (turn) await turn
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#atWork--
    }
  }
}
