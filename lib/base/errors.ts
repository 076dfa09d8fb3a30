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
  | 'CLOSED'
  | 'KERNEL'

/** What a kernel refusal adds to an error. */
export interface KernelRefusal {
  /** Positive errno, as in errno(3). */
  errno: number
  /** Its name: `EEXIST`. */
  errnoName: string
  syscall: string
  /** The refused operation as the command that it equals. */
  operation: string
  /** The kernel's own words (extended ack), when it sent any. */
  kernelMessage?: string
  /** Offset of the attribute in the request that the kernel objects to. */
  offset?: number
  /** Operations that could not be taken back after the refusal. Empty unless something else interferes. */
  notUndone?: readonly { operation: string; errnoName: string }[]
}

/** Every error that Slipway throws or rejects with. A failed call has left the host as it was. */
export class SlipwayError extends Error {
  override readonly name = 'SlipwayError'
  readonly code: SlipwayErrorCode
  declare readonly errno?: number
  declare readonly errnoName?: string
  declare readonly syscall?: string
  declare readonly operation?: string
  declare readonly kernelMessage?: string
  declare readonly offset?: number
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
