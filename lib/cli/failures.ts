import { SlipwayError } from '../base/errors.js'
import { inWords } from '../base/shortage.js'
import { coloured } from './colour.js'
import { inFlags } from './in-flags.js'
import { Interrupted } from './interruption.js'
import { complain } from './output.js'

/** Exit statuses: done is 0. */
const REFUSED = 1
const WRONG_USAGE = 2

/** The command line cannot be meant as it is, whatever the host is like. */
export class UsageError extends Error {}

/** Several refusals of one command: each is reported. */
export class Refusals extends Error {
  constructor(readonly refusals: readonly unknown[]) {
    super()
  }
}

/**
 * A check of the command line by the library.
 *
 * @param own - What a command has instead of a flag: an argument.
 * @throws {UsageError} what the library throws.
 */
export function asUsage<T>(check: () => T, own?: Readonly<Record<string, string>>): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    throw new UsageError(inFlags(error.message, own), { cause: error })
  }
}

/** Says on stderr what went wrong, and returns the exit status. */
export function reportFailure(thrown: unknown): number {
  const error = inWords(thrown)
  if (error instanceof Interrupted) return error.status
  if (error instanceof Refusals) return Math.max(...error.refusals.map(reportFailure))
  say(
    isExpected(error)
      ? said(error)
      : `${(error as Error | undefined)?.stack ?? String(error)}\nThis is a bug in Slipway. Please report it with the lines above.`,
  )
  return error instanceof UsageError ? WRONG_USAGE : REFUSED
}

/** One line on stderr. */
export function say(text: string): void {
  const colour = text.startsWith('note: ') ? 'yellow' : 'red'
  complain(`${coloured('stderr', colour, 'slipway:')} ${text}\n`)
}

const said = (error: Error): string => (error instanceof SlipwayError ? inFlags(error.message) : error.message)

// A system call's error (a folder that may not be written, an addon that does not load) says enough without a stack.
function isExpected(error: unknown): error is Error {
  const { syscall, code } = (error ?? {}) as NodeJS.ErrnoException
  return (
    error instanceof SlipwayError ||
    error instanceof UsageError ||
    typeof syscall === 'string' ||
    code === 'ERR_DLOPEN_FAILED'
  )
}
