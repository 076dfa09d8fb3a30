import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { printedIn } from './cni-command.js'
import { stdinOf, type CniAnswer } from './cni.js'
import { COMMAND, end, type Ended } from './command.js'
import type { World } from './world.js'

/** `slipway-cni`, the program that a runtime calls, on a world's host. */

export const PROGRAM = fileURLToPath(new URL('../../build/slipway-cni', import.meta.url))

/** The command that it runs where no server is. */
const SLIPWAY = [process.execPath, COMMAND]

export interface ProgramCall {
  socket: string
  variables: Readonly<Record<string, string>>
  config: unknown
  /** Default: slipway. */
  command?: readonly string[]
}

export function startProgram(
  world: Pick<World, 'host' | 'stateDir'>,
  { socket, variables, command = SLIPWAY }: ProgramCall,
): ChildProcess {
  const args = ['--socket', socket, `--netns=${world.host.path}`, '--state-dir', world.stateDir, '--', ...command]
  const child = spawn(PROGRAM, args, { env: { PATH: process.env['PATH'], ...variables }, timeout: 60_000 })
  // It reads no more than it may.
  child.stdin.on('error', () => undefined)
  return child
}

export async function callProgram(
  world: Pick<World, 'host' | 'stateDir'>,
  call: ProgramCall,
): Promise<CniAnswer & Ended> {
  const child = startProgram(world, call)
  child.stdin?.end(stdinOf(call.config))
  const ended = await end(child)
  return { ...ended, done: ended.status === 0, printed: printedIn(ended.stdout) }
}
