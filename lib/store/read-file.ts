import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { inWords, isShortOfFiles } from '../base/shortage.js'
import { smallFiles } from '../kernel/native.js'

/** No record is longer, in bytes: one with every port of an address is not. */
const LONGEST = 64 << 20

/** What is in a regular file, or why it is not read: it may be anything that was put in its place. */
export type Read = { text: string; marked: boolean; why?: undefined } | { text?: undefined; why: string }

/** Most records fit in it. */
const room = Buffer.allocUnsafeSlow(16 << 10)

/** In half of the time of `readFileSync`, which asks for the size once more, and whether there is more behind it. */
function readAll(fd: number, size: number): string {
  if (size === 0 || size >= room.length) return readFileSync(fd, 'utf8')
  // One byte more than it is to have: a file that grows meanwhile is read as a whole.
  const read = readSync(fd, room, 0, size + 1, 0)
  return read === size ? room.toString('utf8', 0, read) : readFileSync(fd, 'utf8')
}

/** Whether there is a file, and no link to one. */
export const isRegular = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false

/**
 * Reads a file at once: on tmpfs it is there in a tenth of the time that it takes a thread to be asked for it. No link
 * is followed, and nothing is waited for.
 *
 * @returns `undefined` where there is none.
 * @throws {SlipwayError} `KERNEL` where this process can open no file at all.
 */
export function readRegular(path: string): Read | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    // That tells nothing of the file.
    if (isShortOfFiles(code)) throw inWords(error)
    return {
      why:
        code === 'ELOOP'
          ? 'it is a symbolic link'
          : code === 'ENXIO'
            ? 'it is no regular file'
            : `it cannot be read (${code})`,
    }
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return { why: 'it is no regular file' }
    if (stat.size > LONGEST) return { why: `it has ${stat.size} bytes` }
    return { text: readAll(fd, stat.size), marked: (stat.mode & constants.S_IXUSR) !== 0 }
  } catch (error) {
    return { why: `it cannot be read (${(error as NodeJS.ErrnoException).code})` }
  } finally {
    closeSync(fd)
  }
}

/** {@link readRegular} of several files of one folder. */
export function readRegulars(folder: string, names: readonly string[]): (Read | undefined)[] {
  const found = smallFiles(folder, names)
  return names.map((name, index) => {
    const text = found[2 * index]
    return typeof text === 'string' ? { text, marked: found[2 * index + 1] === true } : readRegular(join(folder, name))
  })
}
