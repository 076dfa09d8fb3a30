import { SlipwayError, type SlipwayErrorCode } from '../../base/errors.js'
import { HttpError } from './http-error.js'

/** The status of HTTP that says what each code says. */
const STATUS: Record<SlipwayErrorCode, number> = {
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PORT_IN_USE: 409,
  ADDRESS_IN_USE: 409,
  UNSUPPORTED: 501,
  EXHAUSTED: 503,
  CLOSED: 503,
  // The server lacks the capability, and not the client.
  PERMISSION: 500,
  UNREACHABLE: 500,
  TIMEOUT: 500,
  KERNEL: 500,
}

/** What a refusal is in HTTP. What nobody has foreseen is the server's own fault: 500. */
export function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status
  return error instanceof SlipwayError ? STATUS[error.code] : 500
}
