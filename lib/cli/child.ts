import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { findProgram } from '../inside/processes/programs.js'
import { environment } from './caller.js'
import { say } from './failures.js'
import type { How } from './how-to-run.js'

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const satisfies NodeJS.Signals[]

/** As shells and docker have it. */
const NOT_FOUND = 127
const NOT_EXECUTABLE = 126

/**
 * Signals that are meant for the command. From its making on this process does not die of them: it has a sandbox to
 * take away.
 */
export class SignalRelay {
  #child: ChildProcess | undefined
  #first: NodeJS.Signals | undefined

  constructor() {
    for (const signal of PASSED_ON) process.on(signal, this.#receive)
  }

  /** Exit status for a signal that came before there was a command; `undefined` when none did. */
  get interrupted(): number | undefined {
    return this.#first && statusOf(this.#first)
  }

  readonly #receive = (signal: NodeJS.Signals) => {
    this.#first ??= signal
    if (!sentByTerminal(signal)) this.#child?.kill(signal)
  }

  /**
   * Runs a command in a sandbox, waits for its end, and says what our exit status is to be.
   *
   * @param started - Is called when it runs.
   */
  async run(sandbox: Sandbox, command: readonly string[], how: How, started?: () => void): Promise<number> {
    const child = this.#start(sandbox, command, how)
    if (typeof child === 'number') return child
    return new Promise((resolve) => {
      if (started) child.once('spawn', started)
      child.once('error', (error: NodeJS.ErrnoException) =>
        resolve(refuse(command[0] ?? '', error.code ?? error.message)),
      )
      child.once('exit', (code, signal) => resolve(code ?? statusOf(signal ?? 'SIGKILL')))
    })
  }

  /** Starts a command in a sandbox, which goes on when this process has ended. Returns our exit status. */
  async leave(sandbox: Sandbox, command: readonly string[], how: How): Promise<number> {
    const child = this.#start(sandbox, command, how)
    if (typeof child === 'number') return child
    child.unref()
    return new Promise((resolve) => {
      child.once('spawn', () => resolve(0))
      child.once('error', (error: NodeJS.ErrnoException) =>
        resolve(refuse(command[0] ?? '', error.code ?? error.message)),
      )
    })
  }

  /** Sends it to a command in the background, and to what that has started. */
  killAll(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child ?? {}
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal)
  }

  #start(sandbox: Sandbox, command: readonly string[], { env, cwd, before, detach }: How): ChildProcess | number {
    const refused = refusedProgram(command, { env, cwd })
    if (refused !== undefined) return refused
    const [first = '', ...rest] = [...before, ...command]
    const stdio = detach ? 'ignore' : 'inherit'
    this.#child = sandbox.spawn(first, rest, {
      stdio,
      detached: detach,
      env: { ...process.env, ...env },
      cwd,
      files: true,
    })
    return this.#child
  }
}

/** The exit status where a program cannot be executed, which is said. */
export function refusedProgram(
  [program = '']: readonly string[],
  { env, cwd }: Pick<How, 'env' | 'cwd'>,
): number | undefined {
  const { errno } = findProgram(program, { ...environment(), ...env }['PATH'], cwd)
  return errno ? refuse(program, errno) : undefined
}

function refuse(program: string, errno: string): number {
  const missing = errno === 'ENOENT'
  say(`${program}: ${missing ? `command not found${hintFor(program)}` : `cannot be executed (${errno})`}`)
  return missing ? NOT_FOUND : NOT_EXECUTABLE
}

/** What people type first who know docker. */
const IMAGES = ['alpine', 'busybox', 'debian', 'fedora', 'hello-world', 'nginx', 'postgres', 'redis', 'ubuntu']

function hintFor(program: string): string {
  if (program.startsWith('-')) return '. Options stand before the name of the sandbox'
  return IMAGES.includes(program) || /^[\w./-]+:[\w.-]+$/.test(program)
    ? '. There are no images: COMMAND is a program of this machine'
    : ''
}

const statusOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

// Ctrl-C and Ctrl-\ reach the whole foreground group: the command has had it already, and twice is something else.
function sentByTerminal(signal: NodeJS.Signals): boolean {
  if (signal !== 'SIGINT' && signal !== 'SIGQUIT') return false
  // proc(5), behind the command's name: state, ppid, pgrp, session, tty_nr, tpgid.
  const [, , group, , , foreground] = (readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1) ?? '').split(' ')
  return group === foreground
}
