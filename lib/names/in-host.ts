import { getSystemErrorName } from 'node:util'
import { SlipwayError } from '../base/errors.js'
import { enter, type NativeFailure } from '../kernel/native.js'
import type { InHost } from './resolver/ask.js'

/** How something is done in the host's namespace. @param netns - Its path. Default: the one of this process. */
export const inHostOf =
  (netns: string | undefined): InHost =>
  (work) =>
    netns === undefined ? work() : enterHost(netns, work)

/** What fails inside is the caller's. @throws {SlipwayError} `KERNEL` */
function enterHost<T>(netns: string, work: () => T): T {
  try {
    return enter(netns, work)
  } catch (error) {
    const { failure } = error as { failure?: NativeFailure }
    if (!failure) throw error
    const errnoName = getSystemErrorName(-failure.errno)
    throw new SlipwayError(
      'KERNEL',
      `The network namespace ${netns}, where a network's names are served, could not be entered: ${errnoName}.`,
      { errno: failure.errno, errnoName, syscall: failure.syscall },
      { cause: error },
    )
  }
}
