import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { PROGRAM, served, serverOf } from './served-command.js'
import { kernelState, readFiles } from './snapshot.js'
import { ipJson, type World } from './world.js'

/** The command `slipway` as it is typed: its own process, on a world's host. */

export const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

export const start = (
  world: Pick<World, 'host' | 'stateDir'>,
  args: readonly string[],
  before: readonly string[] = [],
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess => {
  const host = [`--netns=${world.host.path}`, `--state-dir=${world.stateDir}`]
  const how = { stdio: [stdin, 'pipe', 'pipe'], timeout: 30_000 } as const satisfies SpawnOptions
  if (served.isOn && before.length === 0) {
    const env = { ...process.env, SLIPWAY_SOCKET: serverOf(world) }
    return spawn(PROGRAM, [...host, ...args], { ...how, argv0: 'slipway', env })
  }
  const [program = '', ...rest] = [...before, process.execPath, COMMAND, ...host, ...args]
  return spawn(program, rest, how)
}

/** On a terminal of its own; what is written to it is typed. */
export function onTerminal(world: World, ...args: string[]): { child: ChildProcess; shown: () => string } {
  const line = [process.execPath, COMMAND, `--netns=${world.host.path}`, `--state-dir=${world.stateDir}`, ...args]
  const child = spawn('script', ['-qec', line.map((word) => `'${word}'`).join(' '), '/dev/null'], { timeout: 30_000 })
  let text = ''
  child.stdout.on('data', (part: Buffer) => (text += part.toString()))
  return { child, shown: () => text }
}

export async function end(child: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new TypeError('a piped process has pipes')
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const [out, err, [status, signal]] = await Promise.all([text(stdout), text(stderr), closed])
  // The small program has become the command, and ends as that does: shells print the same of both.
  const ended = served.isOn && signal ? 128 + constants.signals[signal] : status
  return { status: ended, stdout: out, stderr: err }
}

export const slipway = (world: World, ...args: string[]): Promise<Ended> => end(start(world, args))

/** Runs it, and expects that it is done and has nothing to complain of. Returns what it printed. */
export async function done(world: World, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await slipway(world, ...args)
  if (status !== 0 || stderr !== '') throw new Error(`slipway ${args.join(' ')}: status ${status}\n${stderr}`)
  return stdout
}

/** What it prints with `--json`. */
export const doneJson = async <T>(world: World, ...args: string[]): Promise<T> =>
  JSON.parse(await done(world, ...args, '--json')) as T

export const links = (world: World) =>
  ipJson<{ ifname: string }>(world.host, 'link')
    .map(({ ifname }) => ifname)
    .sort()

/** What is there after the first sandbox has come and gone. */
export const EMPTY = ['docker0', 'lo', 'uplink']

/** All of a host that a command could have changed. */
export const stateOf = (world: World) => ({
  ...kernelState(world.host),
  namespaces: world.namespaces(),
  files: readFiles(world.stateDir),
})
