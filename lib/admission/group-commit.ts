import { setImmediate } from '../base/timers.js'

/**
 * How many operations run together at most: some five sandboxes' claims, 0.3 ms. A transaction costs 8 µs whatever is
 * in it, so there is little to gain from more, and the event loop is to have its turn.
 */
const MOST_OPERATIONS = 48

/** Whoever runs the plans: lib/kernel/native.ts says what is promised. */
export interface GroupExecutor<Outcome> {
  runTogether(
    plans: readonly string[],
    hostRoutes: readonly number[],
    phases: boolean,
  ): (Outcome | undefined | Promise<Outcome | undefined>)[]
}

interface Waiting<Outcome> {
  text: string
  onCallerThread: number
  resolve(outcome: Outcome | undefined | Promise<Outcome | undefined>): void
  reject(error: unknown): void
}

/**
 * Plans that come in a crowd: those of one turn of the event loop begin together, with one transaction for what all of
 * them have for nf_tables.
 */
export class GroupCommit<Outcome> {
  readonly #executor: GroupExecutor<Outcome>
  #waiting: Waiting<Outcome>[] = []
  #operations = 0

  constructor(executor: GroupExecutor<Outcome>) {
    this.#executor = executor
  }

  /**
   * @param text - The plan, by {@link wirePlan}.
   * @param onCallerThread - So many of its operations are done by this thread.
   */
  run(text: string, onCallerThread: number, phases: boolean): Promise<Outcome | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ text, onCallerThread, resolve, reject }) === 1) setImmediate(() => this.#begin(phases))
      this.#operations += onCallerThread
      if (this.#operations >= MOST_OPERATIONS) this.#begin(phases)
    })
  }

  #begin(phases: boolean): void {
    const crowd = this.#waiting
    if (crowd.length === 0) return
    this.#waiting = []
    this.#operations = 0
    try {
      const outcomes = this.#executor.runTogether(
        crowd.map(({ text }) => text),
        crowd.map(({ onCallerThread }) => onCallerThread),
        phases,
      )
      crowd.forEach(({ resolve }, i) => resolve(outcomes[i]))
    } catch (error) {
      for (const { reject } of crowd) reject(error)
    }
  }
}
