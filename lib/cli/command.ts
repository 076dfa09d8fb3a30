import { CommanderError } from 'commander'
import { Elsewhere, exitWith, performBy } from './caller.js'
import { complain } from './output.js'
import { ownVersion } from './own-version.js'
import { makeProgram } from './program.js'
import { pathOf } from './usage/command.js'

/** Wrong usage: the exit status of a command line that cannot be meant as it is. */
const WRONG_USAGE = 2

/**
 * The command `slipway`. What can be typed stands in program.ts; here is only how it ends: its exit status, and what
 * went wrong on stderr.
 *
 * @param begins - Is told the name of what is to be done.
 * @returns The name of what was done.
 */
export async function main(
  typed: readonly string[],
  begins: (name: string) => void = () => undefined,
): Promise<string> {
  let done = 'nothing'
  try {
    const program = makeProgram(ownVersion(), typed)
    program.hook('preAction', (_program, action) => {
      done = pathOf(action)
        .slice(program.name().length + 1)
        .replace(' ', '-')
      begins(done)
    })
    await program.parseAsync(typed, { from: 'user' })
  } catch (error) {
    if (error instanceof Elsewhere) throw error
    // Commander has said it already, or it was asked for help or version.
    if (error instanceof CommanderError) exitWith(error.exitCode === 0 ? 0 : WRONG_USAGE)
    // What fails knows the library's errors, and has the library loaded.
    else exitWith(await reported(error))
  }
  return done
}

/** Without an addon, nothing of the library is there to say it: then the error says it all. */
async function reported(failure: unknown): Promise<number> {
  try {
    const { reportFailure } = await import('./failures.js')
    return reportFailure(failure)
  } catch {
    complain(`slipway: ${(failure as Error).message}\n`)
    return 1
  }
}

performBy(main)
