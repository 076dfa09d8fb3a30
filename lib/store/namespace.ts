import { statSync } from 'node:fs'
import { nameOfErrno } from '../base/errno-name.js'
import { inWords, isShortOfFiles } from '../base/shortage.js'
import { identify } from '../kernel/native.js'
import type { Namespace } from '../plan/operation.js'
import { bootId } from './maker.js'

/** A namespace for longer than the kernel runs: after the next boot another may have its number. */
export interface BootedNamespace extends Namespace {
  boot: string
}

/** What no path leads to. */
const NOWHERE: Namespace = { device: 0, inode: 0 }

/** All of them lie on one file system. */
let device: number | undefined

/** The namespace that a path leads to at this moment, as far as a look at the path tells. */
function namespaceIdAt(path: string): Namespace | undefined {
  const found = stat(path)
  device ??= stat('/proc/self/ns/net')?.device
  return found && found.device === device ? found : undefined
}

function stat(path: string): Namespace | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    return found && { device: found.dev, inode: found.ino }
  } catch {
    return undefined
  }
}

/** Whether a path leads to a namespace, as far as a look at it tells. */
export const isNamespace = (path: string): boolean => namespaceIdAt(path) !== undefined

/** The namespace that a path leads to at this moment, with its cookie; `undefined` when it leads to none. */
export function namespaceAt(path: string): Namespace | undefined {
  if (!namespaceIdAt(path)) return undefined
  try {
    return identify(path)
  } catch (error) {
    const { errno = 0 } = (error as { failure?: { errno: number } }).failure ?? {}
    const code = errno > 0 ? nameOfErrno(errno) : undefined
    // A process without a descriptor left cannot tell, and what is there is not gone for that.
    if (isShortOfFiles(code))
      throw inWords(Object.assign(error as Error, { code, errno: -errno, syscall: 'open', path }))
    return undefined
  }
}

/** Whether a path leads to this namespace. Its cookie is asked for where all else is the same. */
export function opensNamespace(path: string, { inode, cookie }: Namespace): boolean {
  if (namespaceIdAt(path)?.inode !== inode) return false
  if (cookie === undefined) return true
  const found = namespaceAt(path)
  return found?.inode === inode && (found.cookie ?? cookie) === cookie
}

/**
 * Whether the namespace that a record tells of is at its path. Records of earlier versions do not say which that is:
 * any is, then.
 */
export const isAtPath = ({ path, namespace }: { path: string; namespace?: BootedNamespace }): boolean =>
  namespace ? opensNamespace(path, asOfNow(namespace)) : namespaceIdAt(path) !== undefined

export const inThisBoot = (namespace: Namespace): BootedNamespace => ({ ...namespace, boot: bootId() })

/** What a record says, as the kernel has it: nothing that was there before it was booted is. */
export const asOfNow = ({ device, inode, cookie, boot }: BootedNamespace): Namespace =>
  boot === bootId() ? { device, inode, cookie } : NOWHERE
