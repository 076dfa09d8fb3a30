import { statSync } from 'node:fs'
import { invalid, show, SlipwayError } from '../errors.js'
import { enter } from '../native.js'
import type { Context } from './context.js'

/**
 * Checks the path of a namespace that somebody else has made.
 *
 * @throws {SlipwayError} `NOT_FOUND` when there is none, `INVALID_ARGUMENT` when it is no network namespace, or the host's own.
 */
export function checkForeign({ host }: Pick<Context, 'host'>, netns: string): void {
  const inode = inodeOf(netns)
  if (inode === undefined) throw new SlipwayError('NOT_FOUND', `There is no network namespace ${netns}. Make it first (ip netns add), or leave netns out and the sandbox gets one of its own.`)
  if (inode === host.identity) throw invalid(`netns ${netns} is the host's own network namespace. Use network "host", or give another.`)
  try {
    enter(netns, () => undefined)
  } catch (error) {
    throw invalid(`netns ${netns} is no network namespace. Those of ip netns lie in /run/netns, that of a process is /proc/PID/ns/net. (${(error as Error).message})`)
  }
}

function inodeOf(netns: string): number | undefined {
  try {
    return statSync(netns, { throwIfNoEntry: false })?.ino
  } catch (error) {
    throw invalid(`netns ${show(netns)} cannot be looked at: ${(error as NodeJS.ErrnoException).code}.`)
  }
}
