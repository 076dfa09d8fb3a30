/**
 * The timers of Node.js as they are when this is loaded. A test that fakes those of its process (`vi.useFakeTimers()`,
 * `mock.timers`) means its own clock and not that of the kernel: with faked ones, calls would wait for ever.
 */
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = globalThis

/** The same of what comes at the end of this turn of the event loop. */
export const queueMicrotask: (task: () => void) => void = globalThis.queueMicrotask
export const nextTick: (task: () => void) => void = process.nextTick.bind(process)

interface Clock {
  /**
   * Milliseconds since any moment, for what is waited for: the time of day may be set back or forth meanwhile (NTP, a
   * suspended machine), and a deadline by it would come at once, or never.
   */
  now: () => number
  /** The time of day, in milliseconds since 1970. */
  time: () => number
}

/** The clocks of the kernel. */
export const clock: Clock = { now: monotonic(process.hrtime), time: Date.now.bind(Date) }

/** As `performance.now()`, which takes Node.js 2 ms to load. */
function monotonic(read: () => [seconds: number, nanoseconds: number]): () => number {
  return () => {
    const [seconds, nanoseconds] = read()
    return seconds * 1e3 + nanoseconds / 1e6
  }
}

export const { now } = clock

/**
 * Whether a time of day is less than so many milliseconds from this one, before it or after it: the clock may have been
 * set back since, and what was written before that is not young until the clock has caught up.
 */
export const isRecent = (time: number, milliseconds: number): boolean => Math.abs(clock.time() - time) < milliseconds

/** Resolves after so many milliseconds. */
export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))
