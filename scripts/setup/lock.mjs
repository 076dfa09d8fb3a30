// Why: two set-ups of one work tree at once (a test run beside a bench run) would build over each other.
// The lock is flock(1)'s, held by a child whose standard input is our pipe: however we end, the pipe closes,
// the child ends and the kernel drops the lock. So a lock is never stale.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { say, SetupError } from './say.mjs'
import { inRoot } from './tree.mjs'

// Resolves to a function that lets go, once this process is the only one that sets up.
export async function holdLock() {
  const child = spawn('flock', [inRoot('.setup.lock'), 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const notice = setTimeout(() => say('waiting for another set-up of this folder to end …'), 500)
  try {
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(([code]) => {
        throw new SetupError(`flock ended with ${code} before it had the lock.`)
      }),
    ])
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new SetupError('The command flock is missing. On Debian: apt-get install util-linux')
    throw error
  } finally {
    clearTimeout(notice)
  }
  child.unref()
  child.stdout.destroy()
  return () => child.stdin.end()
}
