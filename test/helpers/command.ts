import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { World } from './world.js'

/** The command `slipway` as it is typed: its own process, on a world's host. */

export const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

export const start = (world: World, args: readonly string[], before: readonly string[] = []): ChildProcess => {
  const [program = '', ...rest] = [...before, process.execPath, COMMAND, `--netns=${world.host.path}`, `--state-dir=${world.stateDir}`, ...args]
  return spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 })
}

export async function end(child: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new TypeError('a piped process has pipes')
  const closed = once(child, 'close') as Promise<[number | null]>
  const [out, err, [status]] = await Promise.all([text(stdout), text(stderr), closed])
  return { status, stdout: out, stderr: err }
}
