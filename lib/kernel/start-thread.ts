import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { packageRoot } from './native.js'

/**
 * Starts a thread of the package: `names`, `events`. It has none of this process's options: a loader of a test runner
 * is of no use there.
 *
 * @param starter - The `import.meta.url` of the file that starts it.
 */
export function startThread(name: string, starter: string, workerData: unknown): Worker {
  const { Worker: Thread } = process.getBuiltinModule('node:worker_threads')
  const file = threadFile(`${name}-thread`, starter)
  return new Thread(file, { workerData, execArgv: [], name: `slipway ${name}`, stdout: false, stderr: false })
}

/**
 * The file of a thread: beside the one that starts it, or in the package where that is part of another program's
 * bundle.
 *
 * @param name - As in `names-thread`.
 * @param starter - The `import.meta.url` of the file that starts it.
 */
function threadFile(name: string, starter: string): string {
  const beside = fileURLToPath(new URL(`${name}.js`, starter))
  return existsSync(beside) ? beside : `${packageRoot()}dist/${name}.js`
}
