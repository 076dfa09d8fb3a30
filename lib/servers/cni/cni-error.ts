import { SlipwayError, type SlipwayErrorCode } from '../../base/errors.js'
import { inWords } from '../../base/shortage.js'
import { HttpError } from '../http/http-error.js'
import { NEWEST } from './versions.js'

/** The codes of the specification, and from 100 on our own. */
export const CODES = {
  INCOMPATIBLE_VERSION: 1,
  UNSUPPORTED_FIELD: 2,
  UNKNOWN_CONTAINER: 3,
  ENVIRONMENT: 4,
  IO: 5,
  UNREADABLE: 6,
  INVALID_CONFIGURATION: 7,
  TRY_AGAIN: 11,
  NOT_AVAILABLE: 50,
  CONFLICT: 100,
  PORT_IN_USE: 101,
  ADDRESS_IN_USE: 102,
  EXHAUSTED: 103,
  UNSUPPORTED: 104,
  PERMISSION: 105,
  NOT_FOUND: 106,
  KERNEL: 107,
  DIFFERS: 108,
  DELEGATE: 109,
  /** What nobody has foreseen; the reference plugins have it, too. */
  INTERNAL: 999,
} as const

const OF_LIBRARY: Record<SlipwayErrorCode, keyof typeof CODES> = {
  INVALID_ARGUMENT: 'INVALID_CONFIGURATION',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  PORT_IN_USE: 'PORT_IN_USE',
  ADDRESS_IN_USE: 'ADDRESS_IN_USE',
  EXHAUSTED: 'EXHAUSTED',
  PERMISSION: 'PERMISSION',
  UNSUPPORTED: 'UNSUPPORTED',
  UNREACHABLE: 'INTERNAL',
  TIMEOUT: 'TRY_AGAIN',
  CLOSED: 'TRY_AGAIN',
  KERNEL: 'KERNEL',
}

/** A refusal as a runtime reads it. */
export interface CniFailure {
  cniVersion: string
  code: number
  msg: string
  details?: string
}

/** A refusal with a code of CNI's. */
export class CniError extends Error {
  readonly code: number

  constructor(
    code: keyof typeof CODES | number,
    message: string,
    readonly details?: string,
  ) {
    super(message)
    this.code = typeof code === 'number' ? code : CODES[code]
  }
}

/** @param version - Of the configuration, as far as it could be read. */
export function failureOf(thrown: unknown, version: string = NEWEST): CniFailure {
  const { code, message, details } = asCniError(thrown)
  return { cniVersion: version, code, msg: message, ...(details === undefined ? {} : { details }) }
}

function asCniError(thrown: unknown): CniError {
  const error = inWords(thrown)
  if (error instanceof CniError) return error
  if (error instanceof SlipwayError) return new CniError(OF_LIBRARY[error.code], error.message, error.operation)
  if (error instanceof HttpError) return new CniError(codeOfHttp(error.status), error.message)
  return new CniError('INTERNAL', error instanceof Error ? error.message : String(error))
}

/** What could not be read is not JSON, or came too late, or too much at a time. */
const codeOfHttp = (status: number): keyof typeof CODES =>
  status === 400 ? 'UNREADABLE' : status === 503 ? 'TRY_AGAIN' : 'IO'
