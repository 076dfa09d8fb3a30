import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it. Of one that the kernel refuses, Node.js says ENOENT, whatever the reason is: the
 * first that is not there is tried by itself, and tells it.
 *
 * @param mode - Of those that are made.
 */
export function makeFolder(path: string, mode?: number): void {
  const made = mode === undefined ? {} : { mode }
  try {
    mkdirSync(path, { recursive: true, ...made })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    let first = path
    while (!existsSync(dirname(first)) && dirname(first) !== first) first = dirname(first)
    mkdirSync(first, made)
    mkdirSync(path, { recursive: true, ...made })
  }
}
