import { readdir, readdirSync, statSync } from 'node:fs'
import { promisify } from 'node:util'

/** Of a folder with some two hundred names on a tmpfs, and of any that is not large on other file systems. */
const SMALL = 4096

/**
 * Names of what a folder holds. A large folder is read by a thread, as it may hold thousands; a small one, or that it
 * is not there, as most are on a new host, is known in a tenth of the time that it takes to ask a thread.
 *
 * @param none - Errors that mean that it holds nothing. Default: there is none.
 */
export async function listFolder(folder: string, none: readonly string[] = ['ENOENT']): Promise<string[]> {
  try {
    const found = statSync(folder, { throwIfNoEntry: false })
    return found && found.size > SMALL ? await promisify(readdir)(folder) : readdirSync(folder)
  } catch (error) {
    if (none.includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
