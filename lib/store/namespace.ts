import { statSync } from 'node:fs'
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

/** The namespace that a path leads to at this moment; `undefined` when it leads to none. */
export function namespaceAt(path: string): Namespace | undefined {
  const found = lookAt(path)
  device ??= lookAt('/proc/self/ns/net')?.device
  return found && found.device === device ? found : undefined
}

function lookAt(path: string): Namespace | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    return found && { device: found.dev, inode: found.ino }
  } catch {
    return undefined
  }
}

/**
 * Whether the namespace that a record tells of is at its path. Records of earlier versions do not say which that is:
 * any is, then.
 */
export function isAtPath({ path, namespace }: { path: string; namespace?: BootedNamespace }): boolean {
  const found = namespaceAt(path)
  return found !== undefined && (!namespace || asOfNow(namespace).inode === found.inode)
}

export const inThisBoot = ({ device, inode }: Namespace): BootedNamespace => ({ device, inode, boot: bootId() })

/** What a record says, as the kernel has it: nothing that was there before it was booted is. */
export const asOfNow = ({ device, inode, boot }: BootedNamespace): Namespace =>
  boot === bootId() ? { device, inode } : NOWHERE
