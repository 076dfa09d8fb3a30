import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

/** Where a program is, or why it cannot be started: an errno's name. */
export type Program = { path: string; errno?: undefined } | { path?: undefined; errno: string }

/** As exec(3) has it where the variable PATH is not set. */
const DEFAULT_PATH = '/bin:/usr/bin'

/**
 * Looks a program up as execvp(3) does.
 *
 * @param path - The variable PATH. @param folder - The working directory of the process that is to be.
 */
export function findProgram(program: string, path = DEFAULT_PATH, folder = '.'): Program {
  const paths = program.includes('/') ? [program] : path.split(delimiter).map((one) => join(one, program))
  let worst = 'ENOENT'
  for (const found of paths.map((one) => resolve(folder, one))) {
    try {
      // Asked first, as it makes no error of what is not there: most folders of PATH.
      const stat = statSync(found, { throwIfNoEntry: false })
      if (!stat) continue
      accessSync(found, constants.X_OK)
      if (stat.isFile()) return { path: found }
      worst = 'EACCES'
    } catch (error) {
      worst = (error as NodeJS.ErrnoException).code ?? ''
    }
  }
  return { errno: worst }
}
