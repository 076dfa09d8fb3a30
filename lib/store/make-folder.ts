import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Nobody else may write what a state folder has, whatever this process's umask lets others do. */
const FOLDER_MODE = 0o755
const FILE_MODE = 0o644

/**
 * Makes a folder and those above it. Of one that the kernel refuses, Node.js says ENOENT, whatever the reason is: the
 * first that is not there is tried by itself, and tells it.
 */
export function makeFolder(path: string): void {
  const made = { mode: FOLDER_MODE }
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

/** Makes an empty file, and its folder: it is there, or it is not. */
export function makeMark(path: string): void {
  makeFolder(dirname(path))
  writeFileSync(path, '', { mode: FILE_MODE })
}
