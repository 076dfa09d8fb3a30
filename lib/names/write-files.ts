import { constants, promises, type Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { SlipwayError } from '../base/errors.js'
import { inWords } from '../base/shortage.js'
import { makeFolder } from '../store/make-folder.js'
import type { NameFiles } from './files.js'

/** Paths of a sandbox's files, under the names that `docker inspect` has for them. */
export interface NameFilePaths {
  hostnamePath: string
  hostsPath: string
  resolvConfPath: string
}

const FOLDER_MODE = 0o755
const FILE_MODE = 0o644
/** Of asm-generic/fcntl.h; Node.js has no name for it. */
const O_PATH = 0o10000000

export const nameFilePaths = (folder: string): NameFilePaths => ({
  hostnamePath: join(folder, 'hostname'),
  hostsPath: join(folder, 'hosts'),
  resolvConfPath: join(folder, 'resolv.conf'),
})

/**
 * Writes a sandbox's files. Each stays the file that it is, since a runtime has bound its inode over another, and one
 * whose text is the same is not written. A sandbox may do with its three inodes what it likes: make them huge, or hold
 * leases on them. So no more of a file is read than is to be written, and none is waited for; what is no regular file
 * is refused, and no link followed.
 */
export async function writeNameFiles(folder: string, files: NameFiles): Promise<NameFilePaths> {
  makeFolder(folder, FOLDER_MODE)
  const opened = await promises.open(folder, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    await Promise.all(
      Object.entries(files).map(([name, text]) => writeInPlace(byDescriptor(opened, name), join(folder, name), text)),
    )
  } finally {
    await opened.close()
  }
  return nameFilePaths(folder)
}

export async function removeNameFiles(folder: string): Promise<void> {
  await promises.rm(folder, { recursive: true, force: true })
}

/** @param path - The file by a descriptor of its folder. @param name - As it is to be called in an error. */
async function writeInPlace(path: string, name: string, text: string): Promise<void> {
  try {
    await write(path, name, text)
  } catch (error) {
    throw inWords(error, name)
  }
}

async function write(path: string, name: string, text: string): Promise<void> {
  const file = await openRegular(path, name)
  try {
    const { mode, size } = await file.stat()
    // Sandboxes' users read it, whatever the umask of this process.
    if ((mode & 0o777) !== FILE_MODE) await file.chmod(FILE_MODE)
    const wanted = Buffer.from(text)
    if (size === wanted.length) {
      const found = Buffer.alloc(wanted.length)
      const { bytesRead } = await file.read(found, 0, found.length, 0)
      if (bytesRead === wanted.length && wanted.equals(found)) return
    }
    // Written over and cut after: a program that reads meanwhile never finds an empty file.
    await file.write(wanted, 0, wanted.length, 0)
    await file.truncate(wanted.length)
  } finally {
    await file.close()
  }
}

/**
 * The file, made where there is none. To open a device or a FIFO may have consequences: it is looked at before it is
 * opened.
 */
async function openRegular(path: string, name: string): Promise<FileHandle> {
  // O_NONBLOCK: a lease on it is not waited for (EAGAIN).
  const how = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const place = await promises.open(path, O_PATH | constants.O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
  if (!place) return promises.open(path, how | constants.O_CREAT | constants.O_EXCL, FILE_MODE)
  try {
    const stat = await place.stat()
    if (!stat.isFile())
      throw new SlipwayError('CONFLICT', `${name} is ${kindOf(stat)}, where a file of a sandbox has to be. Remove it.`)
    // By its descriptor it is the one that was looked at.
    return await promises.open(byDescriptor(place), how & ~constants.O_NOFOLLOW)
  } finally {
    await place.close()
  }
}

const byDescriptor = ({ fd }: FileHandle, name?: string): string => join('/proc/self/fd', `${fd}`, name ?? '')

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
