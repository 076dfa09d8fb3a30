import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Operation } from '#lib/plan/operation.js'
import type { World } from './world.js'

/** A file that another process has locked, and the operation that waits for it. */
export async function lockFile(
  t: ExecutionContext,
  world: World,
): Promise<{ waitFor: Operation & { op: 'file.replace' }; unlock: () => void }> {
  const path = join(world.stateDir, 'record')
  writeFileSync(path, 'before')
  const { unlock } = await lock(t, path)
  return { waitFor: { op: 'file.replace', path, content: 'after', expected: 'before' }, unlock: () => void unlock() }
}

/** Lets another process lock a file. `unlock` resolves when that has ended. */
export async function lock(t: ExecutionContext, path: string): Promise<{ unlock: () => Promise<void> }> {
  const locker = spawn('flock', [path, 'sh', '-c', 'echo locked; read line'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, LD_PRELOAD: '' },
  })
  t.teardown(() => locker.kill())
  await once(locker.stdout, 'data')
  return {
    async unlock() {
      const ended = once(locker, 'exit')
      locker.stdin.end('go\n')
      await ended
    },
  }
}
