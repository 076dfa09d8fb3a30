import { lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RESERVE } from './reserve.js'

/** Names of what Slipway makes in a host's folder: files, and folders with all that is in them. */
interface Own {
  files?: RegExp
  folders?: RegExp
}

/** With what a process that died was writing beside one. */
const RECORDS: Own = { files: new RegExp(`\\.json(\\.next)?$|^\\${RESERVE}$`) }

const OWN: Readonly<Record<string, Own>> = {
  '.': { files: /^routes\.json(\.next)?$/ },
  sandboxes: RECORDS,
  networks: RECORDS,
  files: { folders: /^[0-9a-f]{64}$/ },
  holders: { folders: /^\d{1,7}-\d{0,20}-[0-9a-f]+$/ },
  pool: { files: /^\d{1,7}-\d{0,20}-[0-9a-f]{6}$/ },
  cni: { files: /^\.?[0-9a-f]{16}$/ },
  ephemeral: { files: /^\d{1,7}-\d{0,20}-\d{1,20}$/ },
}

/**
 * Removes the folder of a host, and what Slipway has made there.
 *
 * @returns Paths of what somebody else has put there, which stays.
 */
export function removeStateFolder(folder: string): string[] {
  const stays: string[] = []
  for (const [within, own] of Object.entries(OWN)) {
    const path = join(folder, within)
    // A link in its place is somebody else's, and so is where it leads.
    if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) continue
    for (const name of readdirSync(path)) {
      const entry = join(path, name)
      if (isOwn(own, name, entry)) rmSync(entry, { recursive: true, force: true })
      else if (within !== '.' || !(name in OWN) || !lstatSync(entry).isDirectory()) stays.push(entry)
    }
    if (within !== '.') removeEmpty(path)
  }
  removeEmpty(folder)
  return stays
}

function isOwn({ files, folders }: Own, name: string, path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return (stat?.isFile() && files?.test(name)) === true || (stat?.isDirectory() && folders?.test(name)) === true
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
