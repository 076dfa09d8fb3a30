/**
 * The timers of Node.js as they are when this is loaded. A test that fakes those of its process (`vi.useFakeTimers()`,
 * `mock.timers`) means its own clock and not that of the kernel: with faked ones, calls would wait for ever.
 */
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = globalThis

/**
 * Milliseconds since any moment, for what is waited for: the time of day may be set back or forth meanwhile (NTP, a
 * suspended machine), and a deadline by it would come at once, or never.
 */
export const now: () => number = performance.now.bind(performance)

/** Resolves after so many milliseconds. */
export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))
