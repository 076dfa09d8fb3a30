import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Has one of this process's system calls refused, or its answer lost, as a kernel in trouble does. The process is
 * started with a library (faults.c) that stands between it and the C library.
 */

/** Built by `node scripts/setup.mjs` (scripts/setup/faults.mjs). */
export const LIBRARY = fileURLToPath(new URL('../../faults.so', import.meta.url))

/**
 * Which calls are hit. A `message` is one of those that a netlink socket sends, and the kernel refuses it; with
 * `answer`, the kernel has done what was asked, and its answer is lost; with `dump`, what was asked for has changed
 * meanwhile. With `interrupted`, the kernel itself has said so: these are counted, and nothing is hit.
 */
export type What =
  | 'send'
  | 'recv'
  | 'answer'
  | 'dump'
  | 'interrupted'
  | 'message'
  | 'open'
  | 'write'
  | 'mkdir'
  | 'mknod'
  | 'link'
  | 'rename'
  | 'unlink'
  | 'fchmod'
  | 'flock'
  | 'mount'
  | 'umount'
  | 'unshare'
  | 'socket'
  | 'inotify'
  | 'watch'
  | 'thread'

/** With two that Node.js has no names for. */
const NUMBERS = { ...constants.errno, ERESTART: 85, EXFULL: 54 }
export type Errno = keyof typeof NUMBERS

/** Of which calls, with what they are refused, how many pass before, and how many are hit. */
export interface Fault {
  what: What
  errno: Errno
  after?: number
  times?: number
}

/** As `struct control` of faults.c has it. */
const NAME_BYTES = 32
const BYTES = NAME_BYTES + 7 * 4

/** A file by which a process is told what to hit. */
export function faultsFile(folder: string, fault?: Fault): { path: string; env: Record<string, string> } {
  const path = join(folder, 'faults')
  writeFileSync(path, encode(fault))
  return { path, env: { SLIPWAY_FAULTS: path } }
}

function encode(fault?: Fault): Buffer {
  const bytes = Buffer.alloc(BYTES)
  if (!fault) return bytes
  bytes.write(fault.what, 'latin1')
  ;[fault.after ?? 0, fault.times ?? 1, NUMBERS[fault.errno]].forEach((number, index) =>
    bytes.writeUInt32LE(number, NAME_BYTES + 4 * index),
  )
  return bytes
}

/** How many such calls there were, and how many were hit. */
export interface Met {
  seen: number
  hit: number
}

export class Faults {
  readonly #fd: number

  constructor(path: string) {
    this.#fd = openSync(path, 'r+')
  }

  /** From now on. */
  begin(fault: Fault): void {
    writeSync(this.#fd, encode(fault), 0, BYTES, 0)
  }

  /** What was met until now. */
  look(): Met {
    const bytes = Buffer.alloc(BYTES)
    readSync(this.#fd, bytes, 0, BYTES, 0)
    return { seen: bytes.readUInt32LE(NAME_BYTES + 12), hit: bytes.readUInt32LE(NAME_BYTES + 16) }
  }

  end(): Met {
    const met = this.look()
    writeSync(this.#fd, encode(), 0, BYTES, 0)
    return met
  }

  close(): void {
    closeSync(this.#fd)
  }
}
