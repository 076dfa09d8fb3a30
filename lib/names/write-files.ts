import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { join } from 'node:path'
import { SlipwayError } from '../base/errors.js'
import { O_PATH } from '../base/o-path.js'
import { inWords } from '../base/shortage.js'
import { makeFolder } from '../store/make-folder.js'
import type { NameFiles } from './files.js'

/** Paths of a sandbox's files, under the names that `docker inspect` has for them. */
export interface NameFilePaths {
  hostnamePath: string
  hostsPath: string
  resolvConfPath: string
}

const FILE_MODE = 0o644

export const nameFilePaths = (folder: string): NameFilePaths => ({
  hostnamePath: join(folder, 'hostname'),
  hostsPath: join(folder, 'hosts'),
  resolvConfPath: join(folder, 'resolv.conf'),
})

/**
 * Writes a sandbox's files. Each stays the file that it is, since a runtime has bound its inode over another, and one
 * whose text is the same is not written. A sandbox may do with its three inodes what it likes: make them huge, or hold
 * leases on them. So no more of a file is read than is to be written, and none is waited for; what is no regular file
 * is refused, and no link followed. At once, as records are read: to ask a thread for each step would take ten times as
 * long.
 */
export function writeNameFiles(folder: string, files: NameFiles): NameFilePaths {
  makeFolder(folder)
  const opened = openSync(folder, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    for (const [name, text] of Object.entries(files)) writeInPlace(byDescriptor(opened, name), join(folder, name), text)
  } finally {
    closeSync(opened)
  }
  return nameFilePaths(folder)
}

export function removeNameFiles(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** @param path - The file by a descriptor of its folder. @param name - As it is to be called in an error. */
function writeInPlace(path: string, name: string, text: string): void {
  try {
    write(path, name, text)
  } catch (error) {
    throw inWords(error, name)
  }
}

function write(path: string, name: string, text: string): void {
  const file = openRegular(path, name)
  try {
    const { mode, size } = fstatSync(file)
    // Sandboxes' users read it, whatever the umask of this process.
    if ((mode & 0o777) !== FILE_MODE) fchmodSync(file, FILE_MODE)
    const wanted = Buffer.from(text)
    if (size === wanted.length) {
      const found = Buffer.alloc(wanted.length)
      const bytesRead = readSync(file, found, 0, found.length, 0)
      if (bytesRead === wanted.length && wanted.equals(found)) return
    }
    // Written over and cut after: a program that reads meanwhile never finds an empty file.
    writeSync(file, wanted, 0, wanted.length, 0)
    ftruncateSync(file, wanted.length)
  } finally {
    closeSync(file)
  }
}

/**
 * The file, made where there is none. To open a device or a FIFO may have consequences: it is looked at before it is
 * opened.
 */
function openRegular(path: string, name: string): number {
  // O_NONBLOCK: a lease on it is not waited for (EAGAIN).
  const how = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const place = openIfThere(path, O_PATH | constants.O_NOFOLLOW)
  if (place === undefined) return openSync(path, how | constants.O_CREAT | constants.O_EXCL, FILE_MODE)
  try {
    const stat = fstatSync(place)
    if (!stat.isFile())
      throw new SlipwayError('CONFLICT', `${name} is ${kindOf(stat)}, where a file of a sandbox has to be. Remove it.`)
    // By its descriptor it is the one that was looked at.
    return openSync(byDescriptor(place), how & ~constants.O_NOFOLLOW)
  } finally {
    closeSync(place)
  }
}

function openIfThere(path: string, how: number): number | undefined {
  try {
    return openSync(path, how)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const byDescriptor = (fd: number, name = ''): string => join('/proc/self/fd', `${fd}`, name)

const kindOf = (stat: Stats): string =>
  stat.isDirectory()
    ? 'a folder'
    : stat.isSymbolicLink()
      ? 'a symbolic link'
      : stat.isFIFO()
        ? 'a FIFO'
        : stat.isSocket()
          ? 'a socket'
          : 'a device'
