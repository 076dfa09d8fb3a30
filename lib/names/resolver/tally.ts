/**
 * What becomes of a question: `own` names are answered here, what is `forwarded` by another nameserver. `failed` is
 * what nobody answered in time, `refused` what has an asker of no network, or too many that wait for other nameservers.
 * What is `malformed` is told so; what is `dropped`, as too many wait, gets no answer.
 */
export const OUTCOMES = ['own', 'forwarded', 'failed', 'refused', 'malformed', 'dropped'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** How many questions have met which outcome: counted by the thread that answers, read by any. */
export class Tally {
  readonly memory: SharedArrayBuffer
  readonly #counts: BigUint64Array

  /** @param memory - Of another one, which counts the same from then on. Default: it begins anew. */
  constructor(memory = new SharedArrayBuffer(OUTCOMES.length * BigUint64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#counts = new BigUint64Array(memory)
  }

  add(outcome: Outcome): void {
    Atomics.add(this.#counts, OUTCOMES.indexOf(outcome), 1n)
  }

  read(): Readonly<Record<Outcome, number>> {
    const counts = OUTCOMES.map((outcome, index) => [outcome, Number(Atomics.load(this.#counts, index))] as const)
    return Object.fromEntries(counts) as Record<Outcome, number>
  }
}
