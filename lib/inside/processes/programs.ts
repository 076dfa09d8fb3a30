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
      accessSync(found, constants.X_OK)
      if (statSync(found).isFile()) return { path: found }
      worst = 'EACCES'
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR') worst = code
    }
  }
  return { errno: worst }
}
