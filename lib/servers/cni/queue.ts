import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Slipway } from '../../api/slipway.js'
import { CODES, failureOf } from './cni-error.js'
import { readEnvironment } from './environment.js'
import { perform, readCall } from './plugin.js'
import { readRequest } from './request.js'

/** A call that is wrong in itself is not right another time. */
const WRONG: readonly number[] = [
  CODES.INCOMPATIBLE_VERSION,
  CODES.ENVIRONMENT,
  CODES.UNREADABLE,
  CODES.INVALID_CONFIGURATION,
]

const working = new WeakMap<Slipway, Promise<void>>()

/**
 * Does what the plugin's program has put aside while nobody could do it: deletions, a file each. What is refused stays
 * for another time. The folder is root's alone, so plugins may be run that such a call names.
 */
export function doQueued(slipway: Slipway): Promise<void> {
  const there = working.get(slipway)
  if (there) return there
  const names = list(slipway.queueFolder)
  if (names.length === 0) return Promise.resolve()
  const work = doAll(slipway, names).finally(() => working.delete(slipway))
  working.set(slipway, work)
  return work
}

async function doAll(slipway: Slipway, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = join(slipway.queueFolder, name)
    try {
      const { variables, input } = readRequest(readFileSync(path))
      const environment = readEnvironment(variables)
      if (environment.command === 'DEL') await perform(slipway, readCall(environment, variables, input), true)
    } catch (error) {
      if (!WRONG.includes(failureOf(error).code)) continue
    }
    rmSync(path, { force: true })
  }
}

/** Files that begin with a point are being written. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
