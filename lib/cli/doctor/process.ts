import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { NETNS_FOLDER } from '../../work/context.js'
import { note, ok, problem, type Finding } from './finding.js'

// linux/magic.h
const TMPFS = 0x01021994

/** Where namespaces are bound. */
export function checkNetnsFolder(): Finding {
  if (!isWritable(NETNS_FOLDER))
    return problem('netns folder', `${NETNS_FOLDER} cannot be written`, 'run as root, or make it writable')
  return existsSync(NETNS_FOLDER)
    ? ok('netns folder', `${NETNS_FOLDER}, as ip netns has it`)
    : ok('netns folder', `${NETNS_FOLDER} is made on first use`)
}

/** Where records are kept. */
export function checkStateDir(stateDir: string): Finding {
  if (!isWritable(stateDir))
    return problem('state folder', `${stateDir} cannot be written`, 'give another: --state-dir')
  if (statfsSync(nearest(stateDir)).type === TMPFS) return ok('state folder', `${stateDir}, on tmpfs`)
  return note(
    'state folder',
    `${stateDir} is not on tmpfs: records outlive a reboot, and the sandboxes that they describe do not`,
    'give one under /run: --state-dir',
  )
}

function nearest(path: string): string {
  while (!existsSync(path)) path = dirname(path)
  return path
}

function isWritable(path: string): boolean {
  try {
    accessSync(nearest(path), constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}
