import { inspect } from 'node:util'

/**
 * What kind of refusal an error is:
 *
 * - `INVALID_ARGUMENT`: an argument is malformed, out of range, or does not go with another.
 * - `NOT_FOUND`: there is no such sandbox, network or mapping (any more).
 * - `CONFLICT`: a name, interface or subnet is taken by somebody else.
 * - `PORT_IN_USE`: a host port is published by another sandbox, or a process of the host listens on it.
 * - `ADDRESS_IN_USE`: an address belongs to another sandbox.
 * - `EXHAUSTED`: no address or port is left, a bridge has no room, or the process has no thread or memory.
 * - `PERMISSION`: a capability is missing.
 * - `UNSUPPORTED`: this kernel or this version cannot do it.
 * - `UNREACHABLE`: nothing answers there: a connection was refused, there is no way, or no nameserver has answered.
 * - `TIMEOUT`: the call took longer than its `timeout`, and has not happened.
 * - `CLOSED`: the Slipway object was closed.
 * - `KERNEL`: the kernel refused for another reason, given in `errno` and `kernelMessage`.
 */
export type SlipwayErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'PORT_IN_USE'
  | 'ADDRESS_IN_USE'
  | 'EXHAUSTED'
  | 'PERMISSION'
  | 'UNSUPPORTED'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'CLOSED'
  | 'KERNEL'

/** An operation that a failed call could not take back. */
export interface NotUndone {
  /** The command that equals it. */
  operation: string
  /** Why the kernel refused, as in errno(3): `EBUSY`. */
  errnoName: string
}

/** What a kernel refusal adds to an error. */
export interface KernelRefusal {
  /** Positive errno, as in errno(3). */
  errno: number
  /** Its name: `EEXIST`. */
  errnoName: string
  /** The system call that was refused: `sendmsg`. */
  syscall: string
  /** The refused operation as the command that it equals. */
  operation: string
  /** The kernel's own words (extended ack), when it sent any. */
  kernelMessage?: string
  /** Offset of the attribute in the request that the kernel objects to. */
  offset?: number
  /** Operations that could not be taken back after the refusal. Empty unless something else interferes. */
  notUndone?: readonly NotUndone[]
}

/** Every error that Slipway throws or rejects with. A failed call has left the host as it was. */
export class SlipwayError extends Error {
  /** Always `SlipwayError`. */
  override readonly name = 'SlipwayError'
  /** What kind of refusal it is, for programs. */
  readonly code: SlipwayErrorCode
  /** As in errno(3), positive. Only where the kernel refused, like all that follows. */
  declare readonly errno?: number
  /** The name of `errno`: `EEXIST`. */
  declare readonly errnoName?: string
  /** The system call that was refused. */
  declare readonly syscall?: string
  /** The refused operation as the command that it equals. */
  declare readonly operation?: string
  /** The kernel's own words (extended ack), where it sent any. */
  declare readonly kernelMessage?: string
  /** Bytes into the message, up to the attribute that the kernel objects to. */
  declare readonly offset?: number
  /** What could not be taken back. Empty or missing unless something else interferes. */
  declare readonly notUndone?: KernelRefusal['notUndone']

  constructor(code: SlipwayErrorCode, message: string, refusal?: Partial<KernelRefusal>, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    Object.assign(this, refusal)
  }
}

/** Longer texts are cut in messages. */
const SHOWN = 100

/** A value of any type as a message shows it: in one line, and not a long one. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(value, SHOWN))
  // inspect() takes half a millisecond when it is first called, and records' shapes call this at import.
  if (value === null || ['number', 'boolean', 'undefined'].includes(typeof value)) return String(value)
  const text = inspect(value, {
    depth: 1,
    breakLength: Infinity,
    maxArrayLength: 3,
    maxStringLength: SHOWN,
    customInspect: false,
  })
  return cut(text.replace(/\p{Cc}/gu, ' '), 2 * SHOWN)
}

const cut = (text: string, length: number) => (text.length > length ? `${text.slice(0, length)}\u2026` : text)

/** An argument that is wrong: what it was, and what would be right. */
export const invalid = (message: string): SlipwayError => new SlipwayError('INVALID_ARGUMENT', message)
