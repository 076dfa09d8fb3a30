import type { ChildProcess, SpawnOptions } from 'node:child_process'
import type { Writable } from 'node:stream'
import { invalid, show, SlipwayError } from '../../base/errors.js'
import type { SandboxFiles } from '../../work/files.js'
import type { Inside } from '../inside.js'
import { findProgram } from './programs.js'
import { tellOfLacking } from './lacking.js'
import { withFiles } from './with-files.js'

/** Options of `child_process.spawn`, and one more. */
export interface SpawnInsideOptions extends SpawnOptions {
  /**
   * The process has the sandbox's hostname, and finds the sandbox's `/etc/hostname`, `/etc/hosts` and
   * `/etc/resolv.conf`. It does not go with `uid`, `gid` and `argv0`. Default: false, those of this machine.
   */
  files?: boolean
}

/** The files of a sandbox. */
export interface OwnFiles {
  paths: SandboxFiles
  /** Whether that has been done before. */
  areWritten(): boolean
  write(): Promise<unknown>
}

/** Descriptors have one digit in the shell that waits for the files. */
const MOST_STDIO = 9

/**
 * Starts a process in a sandbox.
 *
 * @param own - Its files, where it is to have them.
 */
export function spawnInside(
  inside: Inside,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  own: OwnFiles | undefined,
): ChildProcess {
  if (typeof command !== 'string' || command === '' || !Array.isArray(args))
    throw invalid(`spawn takes a program and a list of arguments, and got ${show(command)} and ${show(args)}.`)
  try {
    return start(inside, command, args, options, own)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (!code?.startsWith('ERR_')) throw error
    throw new SlipwayError('INVALID_ARGUMENT', `spawn: ${message}.`, {}, { cause: error })
  }
}

function start(
  inside: Inside,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  own: OwnFiles | undefined,
): ChildProcess {
  // Not imported: with the sockets of its pipes it takes 2 ms to be loaded.
  const { spawn } = process.getBuiltinModule('node:child_process')
  if (!own) return inside.enter(() => spawn(command, args, options))
  checkGoesWithFiles(options)
  const [program, ...rest] = options.shell ? inShell(command, args, options.shell) : [command, ...args]
  const env = options.env ?? process.env
  // It says itself what is wrong with the program, and the shell would not.
  const folder = options.cwd === undefined ? undefined : pathOf(options.cwd)
  if (findProgram(program, env['PATH'], folder).errno) return inside.enter(() => spawn(command, args, options))
  tellOfLacking(inside.name, (sentence) => process.emitWarning(sentence, { code: 'SLIPWAY_FILES' }))
  const stdio = stdioOf(options)
  // Only where it is needed: a pipe takes Node.js 3 ms.
  const gate = own.areWritten() ? undefined : stdio.length
  const [first, words] = withFiles(own.paths, inside.hostname, [program, ...rest], gate)
  const all = gate === undefined ? stdio : [...stdio, 'pipe' as const]
  const child = inside.enter(() => spawn(first, words, { ...options, shell: false, stdio: all }))
  if (gate !== undefined) letGo(child, gate, own.write())
  return child
}

function checkGoesWithFiles(options: SpawnOptions): void {
  for (const name of ['uid', 'gid', 'argv0'] as const)
    if (options[name] !== undefined)
      throw invalid(
        `spawn: ${name} does not go with files: what mounts the sandbox's files has to be this user, and starts the command by its name. Leave files out, or start setpriv or su inside.`,
      )
}

const inShell = (command: string, args: readonly string[], shell: string | boolean): [string, ...string[]] => [
  typeof shell === 'string' ? shell : '/bin/sh',
  '-c',
  [command, ...args].join(' '),
]

const pathOf = (cwd: string | URL): string =>
  typeof cwd === 'string' ? cwd : process.getBuiltinModule('node:url').fileURLToPath(cwd)

type Stdio = Exclude<NonNullable<SpawnOptions['stdio']>, string>

function stdioOf({ stdio = 'pipe' }: SpawnOptions): Stdio {
  if (typeof stdio === 'string') return [stdio, stdio, stdio]
  const all = [...stdio]
  while (all.length < 3) all.push('pipe')
  if (all.length > MOST_STDIO)
    throw invalid(`spawn: with files, stdio has at most ${MOST_STDIO} entries, and has ${show(all.length)}.`)
  return all
}

/** Lets the command go on once its files are there. The pipe for it is no part of what the caller asked for. */
function letGo(child: ChildProcess, descriptor: number, written: Promise<unknown>): void {
  // There is none when the process could not be started, which the child tells.
  const stdio = child.stdio as unknown[] | undefined
  const gate = stdio?.[descriptor] as Writable | null | undefined
  if (!stdio || !gate) return void written.catch(() => undefined)
  stdio.length = descriptor
  gate.on('error', () => undefined)
  written.then(
    () => gate.end('\n'),
    (error: Error) => {
      gate.destroy()
      child.emit('error', error)
    },
  )
}
