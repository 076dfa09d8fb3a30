import { constants } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { NameFiles } from './files.js'

/** Paths of a sandbox's files, under the names that `docker inspect` has for them. */
export interface NameFilePaths {
  hostnamePath: string
  hostsPath: string
  resolvConfPath: string
}

const FOLDER_MODE = 0o755
const FILE_MODE = 0o644

export const nameFilePaths = (folder: string): NameFilePaths => ({
  hostnamePath: join(folder, 'hostname'),
  hostsPath: join(folder, 'hosts'),
  resolvConfPath: join(folder, 'resolv.conf'),
})

/**
 * Writes a sandbox's files. Each stays the file that it is, since a runtime has bound its inode over another, and one
 * whose text is the same is not written.
 */
export async function writeNameFiles(folder: string, files: NameFiles): Promise<NameFilePaths> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
  await Promise.all(Object.entries(files).map(([name, text]) => writeInPlace(join(folder, name), text)))
  return nameFilePaths(folder)
}

export async function removeNameFiles(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

async function writeInPlace(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, FILE_MODE)
  try {
    // Sandboxes' users read it, whatever the umask of this process.
    if (((await file.stat()).mode & 0o777) !== FILE_MODE) await file.chmod(FILE_MODE)
    const wanted = Buffer.from(text)
    if (wanted.equals(await file.readFile())) return
    // Written over and cut after: who reads meanwhile never finds an empty file.
    await file.write(wanted, 0, wanted.length, 0)
    await file.truncate(wanted.length)
  } finally {
    await file.close()
  }
}
