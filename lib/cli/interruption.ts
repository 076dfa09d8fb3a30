import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies NodeJS.Signals[]

/** Ctrl-C and its like have ended what was done. */
export class Interrupted extends Error {
  constructor(readonly by: NodeJS.Signals) {
    super(`Stopped by ${by}.`)
  }

  /** As shells have it. */
  get status(): number {
    return 128 + constants.signals[this.by]
  }
}

/**
 * Does something that the first signal asks to end, with nothing of it half done. The second signal ends this process,
 * as it would have without this. What comes to its end all the same is done, and the exit status is the signal's.
 *
 * @throws {Interrupted}
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const { signal } = controller
  const stop = (by: NodeJS.Signals) => {
    forget()
    controller.abort(new Interrupted(by))
  }
  const forget = () => {
    for (const one of SIGNALS) process.off(one, stop)
  }
  for (const one of SIGNALS) process.on(one, stop)
  try {
    const result = await work(signal)
    if (signal.aborted) process.exitCode = (signal.reason as Interrupted).status
    return result
  } finally {
    forget()
  }
}
