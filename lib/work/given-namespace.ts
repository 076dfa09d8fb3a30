import { statSync } from 'node:fs'
import { invalid, show, SlipwayError } from '../base/errors.js'
import { mayNotRead } from '../base/shortage.js'
import { enter, identify } from '../kernel/native.js'
import type { Namespace } from '../plan/operation.js'
import type { Context } from './context.js'

/**
 * Checks the path of a namespace that somebody else has made, and tells which it is.
 *
 * @throws {SlipwayError} `NOT_FOUND` when there is none, `INVALID_ARGUMENT` when it is no network namespace, or the
 * host's own.
 */
export function checkGivenNamespace({ host }: Pick<Context, 'host'>, netns: string): Namespace {
  if (!isThere(netns))
    throw new SlipwayError(
      'NOT_FOUND',
      `There is no network namespace ${netns}. Make it first (ip netns add), or leave netns out and the sandbox gets one of its own.`,
    )
  let found: Namespace
  try {
    found = identify(netns)
    if (found.inode !== host.identity) enter(netns, () => undefined, found)
  } catch (error) {
    throw invalid(
      `netns ${netns} is no network namespace. Those of ip netns lie in /run/netns, that of a process is /proc/PID/ns/net. (${(error as Error).message})`,
    )
  }
  if (found.inode === host.identity)
    throw invalid(`netns ${netns} is the host's own network namespace. Use network "host", or give another.`)
  return found
}

function isThere(netns: string): boolean {
  try {
    return statSync(netns, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EACCES') throw new SlipwayError('PERMISSION', mayNotRead(code, netns))
    throw invalid(
      `netns ${show(netns)} leads nowhere (${code}). Those of ip netns lie in /run/netns, that of a process is /proc/PID/ns/net.`,
    )
  }
}
