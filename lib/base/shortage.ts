import { dirname } from 'node:path'
import { nameOfErrno } from './errno-name.js'
import { SlipwayError, type KernelRefusal, type SlipwayErrorCode } from './errors.js'
import { explainTrouble } from './trouble.js'

/** What a file system may be short of, in words: what it is, and what can be done. */

/** @param path - Of the file that was to be written or read. */
export function shortage(errnoName: string, path: string): string | undefined {
  const folder = dirname(path)
  switch (errnoName) {
    case 'ENOSPC':
      return `There is no room for ${path} (ENOSPC; df -h ${folder} and df -i ${folder} tell of what). Make some, and try again: what is removed needs none.`
    case 'EDQUOT':
      return `There is no room for ${path} in this user's share of its file system (EDQUOT). Make some, and try again: what is removed needs none.`
    case 'EROFS':
      return `${path} is on a file system that can only be read (EROFS). Mount it so that it can be written${path.startsWith('/run/netns/') ? '' : ', or give another stateDir'}.`
    case 'EIO':
      return `The disk or memory that holds ${path} has failed (EIO; dmesg says more). Repair it, or give another stateDir, best on tmpfs.`
    case 'EFBIG':
      return `This process may write no file as large as ${path} (EFBIG). Raise its limit: ulimit -f.`
    case 'ENAMETOOLONG':
      return `The path ${path} is longer than its file system takes (ENAMETOOLONG). Give a shorter one.`
    default:
      return undefined
  }
}

export const mayNotWrite = (errnoName: string, path: string): string =>
  `This process may not write ${path} (${errnoName}; namei -l ${path} and lsattr -d ${dirname(path)} tell why). Run it as the user whose folder that is${path.startsWith('/run/netns/') ? '' : ', or give another stateDir'}.`

/** Of a file or folder that is not Slipway's. */
export const mayNotRead = (errnoName: string, path: string): string =>
  `This process may not look at ${path} (${errnoName}; namei -l ${path} tells why). Run it as a user who may, or let this one.`

/** What a path is that leads nowhere, as opposed to one at whose end there is nothing. */
export const leadsNowhere = (code: string | undefined): boolean =>
  code === 'ENAMETOOLONG' || code === 'ENOTDIR' || code === 'ELOOP'

/** What Node.js throws of a file of the host that is read. */
export function cannotRead(error: unknown, path: string): unknown {
  const { code, errno, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || errno === undefined || syscall === undefined) return error
  const refusal = { errno: Math.abs(errno), errnoName: code, syscall, operation: `${syscall} ${path}` }
  if (code === 'EACCES' || code === 'EPERM')
    return new SlipwayError('PERMISSION', mayNotRead(code, path), refusal, { cause: error })
  if (isShortOfFiles(code)) return inWords(error, path)
  return new SlipwayError(
    'KERNEL',
    `${path} is there and cannot be read (${code}). Mend it, or put another in its place.`,
    refusal,
    { cause: error },
  )
}

/** Whether an error says nothing of the file that was to be opened, but of the process or the host. */
export const isShortOfFiles = (code: string | undefined): boolean =>
  code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM'

/**
 * What Node.js throws where the kernel refuses a call on a file, as callers get it; anything else as it is.
 *
 * @param name - What the file is called, where it was found by a descriptor.
 */
export function inWords(error: unknown, name?: string): unknown {
  if (error instanceof SlipwayError || !(error instanceof Error)) return error
  const { code: given, errno: number, syscall, path: named = '' } = error as NodeJS.ErrnoException
  const path = name ?? named
  if (given === undefined || syscall === undefined || number === undefined) return error
  const errno = Math.abs(number)
  const errnoName = given.startsWith('Unknown') ? nameOfErrno(errno) : given
  // Of a program that could not be started, both say which.
  const operation = syscall.endsWith(` ${path}`) ? syscall : `${syscall} ${path}`.trim()
  const refusal = { errno, errnoName, syscall, operation }
  const [code, message] = explainFile(refusal, path)
  return new SlipwayError(code, message, refusal, { cause: error })
}

function explainFile(refusal: KernelRefusal, path: string): [SlipwayErrorCode, string] {
  const { errnoName, operation } = refusal
  if (path !== '' && (errnoName === 'EACCES' || errnoName === 'EPERM'))
    return ['PERMISSION', mayNotWrite(errnoName, path)]
  return (
    explainTrouble(refusal) ?? [
      'KERNEL',
      (path === '' ? undefined : shortage(errnoName, path)) ?? `The kernel refused "${operation}": ${errnoName}.`,
    ]
  )
}

/** For a promise's `catch`: what it is refused with, {@link inWords}. */
export const rethrow = (error: unknown): never => {
  throw inWords(error)
}
