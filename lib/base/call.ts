import { isOptions, type Check } from './checks.js'
import { invalid, show, SlipwayError } from './errors.js'
import { clearTimeout, now, setTimeout } from './timers.js'

/**
 * What ends a call early. A call that has ended so has not happened: it had not begun, or it was undone. What the
 * kernel has done before is not undone: then the call resolves.
 */
export interface CallOptions {
  /** Once it is aborted, the call rejects with its `reason`, as the calls of Node.js do. */
  signal?: AbortSignal
  /**
   * In milliseconds. After that, the call rejects with the code `TIMEOUT` and says what it was waiting for. Default:
   * none.
   */
  timeout?: number
}

/** As long as a timer may be, in milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1

export const callChecks: Record<keyof CallOptions, Check> = {
  // One of another realm, as test runners have them, is no instance of this one's.
  signal: (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as AbortSignal).aborted === 'boolean' &&
    typeof (value as AbortSignal).addEventListener === 'function'
      ? undefined
      : 'an AbortSignal, as in AbortSignal.timeout(1000)',
  timeout: (value) =>
    typeof value === 'number' && value > 0 && value <= LONGEST_TIMER
      ? undefined
      : `a number of milliseconds, more than 0 and at most ${LONGEST_TIMER}`,
}

/** A call that may be given up. */
export class Call {
  readonly #what: string
  readonly #signal: AbortSignal | undefined
  readonly #timeout: number | undefined
  readonly #since = now()
  readonly #waiting = new Set<(reason: unknown) => void>()
  readonly #abandoned: Promise<unknown>[] = []
  #timer: NodeJS.Timeout | undefined
  #listens = false
  #waitsFor = ''

  constructor(what: string, { signal, timeout }: CallOptions) {
    this.#what = what
    this.#signal = signal
    this.#timeout = timeout
  }

  /** @throws The signal's reason; {@link SlipwayError} `TIMEOUT` */
  check(): void {
    if (this.#signal?.aborted) throw this.#signal.reason
    if (this.#timeout !== undefined && now() - this.#since >= this.#timeout) throw this.#timedOut(this.#timeout)
  }

  /** Whether a call has ended by its signal: what it rejects with is the caller's. */
  isReason(error: unknown): boolean {
    return this.#signal?.aborted === true && error === this.#signal.reason
  }

  /**
   * Waits for what comes to its end by itself, and does no harm when nobody waits for it any more.
   *
   * @param what - It is, for the error: `a turn`.
   */
  async wait<T>(event: Promise<T>, what: string): Promise<T> {
    // Nobody else hears of what it may be refused with.
    event.catch(() => undefined)
    this.check()
    this.#listen()
    this.#waitsFor = what
    return new Promise((resolve, reject) => {
      const stop = (reason: unknown) => {
        this.#abandoned.push(event)
        reject(reason)
      }
      this.#waiting.add(stop)
      event.then(resolve, reject).finally(() => this.#waiting.delete(stop))
    })
  }

  /** Nothing of it stays with the signal. */
  end(): void {
    clearTimeout(this.#timer)
    if (this.#listens && this.#signal) ignore(this.#signal, this.#giveUp)
  }

  /** What was waited for when it was given up, and goes on. */
  get abandoned(): readonly Promise<unknown>[] {
    return this.#abandoned
  }

  #listen(): void {
    if (this.#listens) return
    this.#listens = true
    if (this.#signal) listen(this.#signal, this.#giveUp)
    if (this.#timeout !== undefined)
      this.#timer = setTimeout(this.#giveUp, Math.max(1, Math.ceil(this.#since + this.#timeout - now())))
  }

  readonly #giveUp = () => {
    const reason: unknown = this.#signal?.aborted ? this.#signal.reason : this.#timedOut(this.#timeout ?? 0)
    for (const stop of this.#waiting) stop(reason)
    this.#waiting.clear()
  }

  #timedOut(timeout: number): SlipwayError {
    return new SlipwayError(
      'TIMEOUT',
      `${this.#what} took longer than ${timeout} ms${this.#waitsFor === '' ? '' : ` (it was waiting for ${this.#waitsFor})`} and was given up: nothing was changed. Give it more time, or try again.`,
    )
  }
}

interface Hearing {
  told: Set<() => void>
  tell: () => void
}

/** Calls back once it is aborted. @returns What takes the call back. */
export function onAbort(signal: AbortSignal, told: () => void): () => void {
  listen(signal, told)
  return () => ignore(signal, told)
}

/** Many calls may have one signal, and more than ten listeners are taken for a leak: it has one. */
const hearings = new WeakMap<AbortSignal, Hearing>()

function listen(signal: AbortSignal, told: () => void): void {
  let hearing = hearings.get(signal)
  if (!hearing) {
    const all = new Set<() => void>()
    hearing = { told: all, tell: () => all.forEach((one) => one()) }
    hearings.set(signal, hearing)
    signal.addEventListener('abort', hearing.tell)
  }
  hearing.told.add(told)
}

function ignore(signal: AbortSignal, told: () => void): void {
  const hearing = hearings.get(signal)
  if (!hearing?.told.delete(told) || hearing.told.size > 0) return
  hearings.delete(signal)
  signal.removeEventListener('abort', hearing.tell)
}

/**
 * @param what - The call, for its errors.
 * @returns `undefined` where nothing ends it early, as for most.
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function beginCall(what: string, options: CallOptions | undefined): Call | undefined {
  // What is no object is refused where the other options are looked at.
  if (!isOptions(options) || (options.signal === undefined && options.timeout === undefined)) return undefined
  for (const name of ['signal', 'timeout'] as const) {
    const expected = options[name] === undefined ? undefined : callChecks[name](options[name])
    if (expected !== undefined) throw invalid(`${what}: ${name} must be ${expected}, and is ${show(options[name])}.`)
  }
  return new Call(what, options)
}

/** For what is done one after the other: whether to stop, with what was done by then. */
export function isGivenUp(call: Call | undefined): boolean {
  try {
    call?.check()
    return false
  } catch {
    return true
  }
}

/** {@link Call.wait}, where there is such a call. */
export const waiting = <T>(call: Call | undefined, event: Promise<T>, what: string): Promise<T> =>
  call ? call.wait(event, what) : event
