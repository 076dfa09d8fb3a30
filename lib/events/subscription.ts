import { onAbort } from '../base/call.js'
import { Queue } from '../base/queue.js'
import { clock } from '../base/timers.js'
import type { Happening, SlipwayEvent } from './event.js'

type Result = IteratorResult<SlipwayEvent, undefined>

interface Waiting {
  resolve(result: Result): void
  reject(reason: unknown): void
}

const DONE: Result = { done: true, value: undefined }

/** One who listens. What nobody takes waits, up to a limit; what comes beyond is counted and not kept. */
export class Subscription implements AsyncIterableIterator<SlipwayEvent> {
  readonly #most: number
  readonly #matches: (happening: Happening) => boolean
  readonly #signal: AbortSignal | undefined
  readonly #ended: (one: Subscription) => void
  readonly #events = new Queue<SlipwayEvent>()
  readonly #waiting: Waiting[] = []
  readonly #ignore: () => void
  #skipped = 0
  #isOver = false
  /** Told once, as the signal's. */
  #aborted = false

  /** @param ended - Called once it listens no more. */
  constructor(
    {
      most,
      matches,
      signal,
    }: { most: number; matches(happening: Happening): boolean; signal?: AbortSignal | undefined },
    ended: (one: Subscription) => void,
  ) {
    this.#most = most
    this.#matches = matches
    this.#signal = signal
    this.#ended = ended
    this.#ignore = signal ? onAbort(signal, () => this.abort()) : () => undefined
  }

  /** Something has happened. */
  tell(happening: Happening): void {
    if (this.#isOver || !this.#matches(happening)) return
    const { about: _, ...told } = happening
    const event = { time: new Date(clock.time()).toISOString(), ...told }
    const waiting = this.#waiting.shift()
    if (waiting) waiting.resolve({ done: false, value: event })
    else if (this.#events.length < this.#most && this.#skipped === 0) this.#events.push(event)
    else this.#skipped++
  }

  next(): Promise<Result> {
    const event = this.#events.shift() ?? this.#note()
    if (event) return Promise.resolve({ done: false, value: event })
    if (this.#aborted) {
      this.#aborted = false
      return Promise.reject(this.#signal?.reason as Error)
    }
    if (this.#isOver) return Promise.resolve(DONE)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  return(): Promise<Result> {
    this.end()
    this.#events.clear()
    this.#aborted = false
    return Promise.resolve(DONE)
  }

  /** Nothing comes any more; what has come is taken still. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#ignore()
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE)
    this.#ended(this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Says once that some were not kept. */
  #note(): SlipwayEvent | undefined {
    if (this.#skipped === 0) return undefined
    const count = String(this.#skipped)
    this.#skipped = 0
    return {
      time: new Date(clock.time()).toISOString(),
      type: 'host',
      action: 'skipped',
      id: '',
      name: '',
      attributes: { count, message: `${count} events came faster than they were taken, and are not told.` },
    }
  }

  /** Nothing is taken any more: who waits is told why. */
  abort(): void {
    const [first, ...others] = this.#waiting.splice(0)
    if (first) first.reject(this.#signal?.reason)
    else this.#aborted = true
    for (const { resolve } of others) resolve(DONE)
    this.#events.clear()
    this.#skipped = 0
    this.end()
  }
}
