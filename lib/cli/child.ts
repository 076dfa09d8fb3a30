import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { say } from './failures.js'

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

  /** Starts a command, waits for its end, and says what our exit status is to be. */
  async run(start: () => ChildProcess): Promise<number> {
    const child = start()
    this.#child = child
    return new Promise((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        const missing = error.code === 'ENOENT'
        say(`${child.spawnfile}: ${missing ? 'command not found' : `cannot be executed (${error.code ?? error.message})`}`)
        resolve(missing ? NOT_FOUND : NOT_EXECUTABLE)
      })
      child.once('exit', (code, signal) => resolve(code ?? statusOf(signal ?? 'SIGKILL')))
    })
  }
}

const statusOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

// Ctrl-C and Ctrl-\ reach the whole foreground group: the command has had it already, and twice is something else.
function sentByTerminal(signal: NodeJS.Signals): boolean {
  if (signal !== 'SIGINT' && signal !== 'SIGQUIT') return false
  // proc(5), behind the command's name: state, ppid, pgrp, session, tty_nr, tpgid.
  const [, , group, , , foreground] = (readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1) ?? '').split(' ')
  return group === foreground
}
