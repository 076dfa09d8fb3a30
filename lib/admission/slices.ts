import { clock, setImmediate } from '../base/timers.js'

/**
 * How long, in milliseconds, a long job holds the event loop before it lets others go on: what else the turn has to do
 * fits in with it.
 */
const SLICE_MS = 0.3

/** Cuts a job of many small steps into slices. */
export class Slices {
  #began = clock.now()

  /** To be called between two steps: what to wait for, or `undefined` when the slice goes on. */
  next(): Promise<void> | undefined {
    if (clock.now() - this.#began < SLICE_MS) return undefined
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => void (this.#began = clock.now()))
  }
}
