import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { World } from './world.js'

/** `slipway serve` on a world's host, and the small program, which has it do what is typed. */

export const PROGRAM = fileURLToPath(new URL('../../build/slipway-cni', import.meta.url))
const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Set by tests that run those of the command once more: `start()` types the small program then. */
export const served = { isOn: false }

const servers = new Set<ChildProcess>()
const endAll = (): void => {
  for (const server of servers) server.kill('SIGKILL')
}

const LOOK_MS = 10
const LOOKS = 2000

/** The path of its socket. The server ends with the world's state folder, which goes when the test ends. */
export function serverOf({ host, stateDir }: Pick<World, 'host' | 'stateDir'>): string {
  const socket = join(stateDir, 'serve.sock')
  if (existsSync(socket)) return socket
  const args = [`--netns=${host.path}`, `--state-dir=${stateDir}`, 'serve', '-H', `unix://${socket}`]
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: 'ignore' })
  for (let looks = 0; !existsSync(socket); looks++) {
    if (looks > LOOKS || child.exitCode !== null) throw new Error('slipway serve has not begun to listen')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS)
  }
  const end = setInterval(() => {
    if (existsSync(stateDir)) return
    clearInterval(end)
    child.kill('SIGKILL')
  }, 100)
  if (servers.size === 0) process.once('exit', endAll)
  servers.add(child)
  child.unref()
  end.unref()
  return socket
}
