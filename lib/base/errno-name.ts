import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'

// What Node.js has no name for, and what libuv calls ENOTSUP.
const OTHERS: Record<number, string> = { 54: 'EXFULL', 85: 'ERESTART', 95: 'EOPNOTSUPP' }

/** The name of an errno as in errno(3). libuv's list lacks some that Node.js has: EDQUOT, ENOLCK, ESTALE. */
export function nameOfErrno(errno: number): string {
  const name = OTHERS[errno] ?? getSystemErrorName(-errno)
  if (!name.startsWith('Unknown')) return name
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? name
}
