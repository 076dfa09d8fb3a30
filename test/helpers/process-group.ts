import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { World } from './world.js'

/** Where the kernel has limits of processes: of its own, or with all others. */
const KINDS = [['cgroup', '-o', 'pids'], ['cgroup2']]

/**
 * A control group of a world's own that may have a limit of processes (`pids.max`); nothing where none can be made. It
 * goes with the test, when all that is in it has ended.
 */
export function processGroup(t: ExecutionContext, { stateDir, prefix }: World): string | undefined {
  const root = join(stateDir, 'groups')
  mkdirSync(root)
  for (const [kind = '', ...options] of KINDS) {
    if (!isDone(() => execFileSync('mount', ['-t', kind, ...options, 'none', root], { stdio: 'pipe' }))) continue
    t.teardown(() => execFileSync('umount', ['--lazy', root]))
    const group = join(root, `slipway-${prefix}`)
    if (!isDone(() => mkdirSync(group))) continue
    t.teardown(() => rmdirSync(group))
    if (existsSync(join(group, 'pids.max'))) return group
  }
  return undefined
}

function isDone(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}
