import { lstatSync, realpathSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { invalid } from '../base/errors.js'

/** chmod(2) */
const OTHERS_WRITE = 0o002
const GROUP_WRITES = 0o020
const STICKY = 0o1000
/** Who owns what has an owner that this user namespace does not know (/proc/sys/kernel/overflowuid). */
const UNKNOWN_OWNER = 65534

/**
 * Records decide what is deleted, with the rights of this process: they are only believed where no one else can write
 * them.
 *
 * @param folders - Within it.
 * @throws {SlipwayError} `INVALID_ARGUMENT` naming the folder and what is wrong with it.
 */
export function requireOwnFolders(stateDir: string, folders: readonly string[]): void {
  const real = realOf(stateDir)
  let above = dirname(real)
  for (; ; above = dirname(above)) {
    const stat = look(above)
    if (stat) {
      const trusted = isOurs(stat) || stat.uid === UNKNOWN_OWNER
      if (!trusted || (isShared(stat) && (stat.mode & STICKY) === 0)) throw refused(stateDir, above, stat)
    }
    if (above === '/') break
  }
  for (const path of [real, ...folders.map((folder) => join(real, folder))]) {
    const stat = look(path)
    if (!stat) continue
    if (stat.isSymbolicLink())
      throw invalid(`stateDir: ${path} is a symbolic link, and must be a folder. Remove it, or give another stateDir.`)
    if (!stat.isDirectory())
      throw invalid(`stateDir: ${path} is no folder (ENOTDIR). Remove it, or give another stateDir.`)
    // Where others may only add folders of their own (a file system that is mounted there may be so), they cannot touch
    // those of the hosts.
    const isSticky = path === real && (stat.mode & STICKY) !== 0
    if (!isOurs(stat) || (isShared(stat) && !isSticky)) throw refused(stateDir, path, stat)
  }
}

/** Links on the way to it are the administrator's, as far as the folders that they are in are. */
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(realOf(above), path.slice(above.length))
  }
}

const look = (path: string): Stats | undefined => {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    // Something on the way is no folder: that is said of it.
    return undefined
  }
}

/** Whether something is a folder that only this user and root can write. */
export function isOwnFolder(path: string): boolean {
  const stat = look(path)
  return stat !== undefined && stat.isDirectory() && isOurs(stat) && !isShared(stat)
}

const isOurs = ({ uid }: Stats): boolean => uid === 0 || uid === process.geteuid?.()

const isShared = ({ mode, gid }: Stats): boolean =>
  (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && gid !== 0 && gid !== process.getegid?.())

const refused = (stateDir: string, path: string, { uid, mode }: Stats) =>
  invalid(
    `stateDir ${stateDir}: other users may write ${path} (owner ${uid}, mode ${(mode & 0o7777).toString(8).padStart(4, '0')}), and what is written there decides what Slipway deletes. ` +
      `Make it this user's alone (chown ${process.geteuid?.() ?? 0} ${path}; chmod go-w ${path}), or give another stateDir.`,
  )
