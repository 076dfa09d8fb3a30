import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { makeProgram } from './program.js'
import { pathOf } from './usage/command.js'

/** Wrong usage: the exit status of a command line that cannot be meant as it is. */
const WRONG_USAGE = 2

/**
 * The command `slipway`. What can be typed stands in program.ts; here is only how it ends: `process.exitCode`, and what
 * went wrong on stderr.
 *
 * @returns The name of what was done.
 */
export async function main(typed: readonly string[]): Promise<string> {
  let done = 'nothing'
  try {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string
    }
    const program = makeProgram(version, typed)
    program.hook('preAction', (_program, action) => {
      done = pathOf(action)
        .slice(program.name().length + 1)
        .replace(' ', '-')
    })
    await program.parseAsync(typed, { from: 'user' })
  } catch (error) {
    // Commander has said it already, or it was asked for help or version.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE
    // What fails knows the library's errors, and has the library loaded.
    else process.exitCode = await reported(error)
  }
  return done
}

/** Without an addon, nothing of the library is there to say it: then the error says it all. */
async function reported(failure: unknown): Promise<number> {
  try {
    const { reportFailure } = await import('./failures.js')
    return reportFailure(failure)
  } catch {
    process.stderr.write(`slipway: ${(failure as Error).message}\n`)
    return 1
  }
}
