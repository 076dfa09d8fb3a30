import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'

/** Sets how many descriptors this process may have; what does it is there before, as nothing can be started then. */
export function limiter(t: ExecutionContext): (files: number) => Promise<unknown> {
  const shell = spawn('sh', { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => void shell.stdin.end())
  return async (files) => {
    const set = once(shell.stdout, 'data')
    shell.stdin.write(`prlimit --pid ${process.pid} --nofile=${files}: && echo set\n`)
    return set
  }
}
