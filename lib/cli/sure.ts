import { requireOwnProcess } from './caller.js'
import { UsageError } from './failures.js'
import { Interrupted } from './interruption.js'

/**
 * Asks at the terminal before something is removed.
 *
 * @throws {UsageError} when there is nobody to ask.
 * @throws {Interrupted} by Ctrl-C.
 */
export async function isSure(command: string, what: string): Promise<boolean> {
  requireOwnProcess()
  if (!process.stdin.isTTY)
    throw new UsageError(
      `${command} asks before it removes, and standard input is no terminal. Give --force to have it done unasked.`,
    )
  const { createInterface } = process.getBuiltinModule('node:readline')
  // Standard output is for what was done.
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new Interrupted('SIGINT')))
      // Ctrl-D.
      terminal.once('close', () => resolve(''))
      terminal.question(`${what} Go on? [y/N] `, resolve)
    })
    return /^y(es)?$/i.test(answer.trim())
  } catch (error) {
    process.stderr.write('\n')
    throw error
  } finally {
    terminal.close()
  }
}
