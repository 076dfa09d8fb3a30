import { existsSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { print } from './output.js'

/**
 * `slipway run -d` is two processes: the one that was typed, and one in the background with the same command line. That
 * one keeps the sandbox for as long as the command runs, and tells the first one when it has been started.
 */

/** Says to the second process that it is that, by the number of the first. */
const MARK = 'SLIPWAY_IN_BACKGROUND_OF'
/** Between the signal that asks a command to end and the one that does not. Docker's. */
const GRACE_MS = 10_000

interface Started {
  started: string
}

/** The first process: until the command runs, or the second one has said why it does not. */
export async function startInBackground(): Promise<void> {
  const { spawn } = process.getBuiltinModule('node:child_process')
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, [MARK]: String(process.pid) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  })
  child.stderr?.pipe(process.stderr, { end: false })
  await new Promise<void>((resolve, reject) => {
    child.once('message', ({ started }: Started) => {
      print(started)
      child.disconnect()
      child.stderr?.destroy()
      child.unref()
      resolve()
    })
    child.once('error', reject)
    child.once('close', (status) => {
      process.exitCode = status ?? 1
      resolve()
    })
  })
}

/** The second process. */
export class Background {
  /** `undefined` where this is none. */
  static ofThis(): Background | undefined {
    const first = process.env[MARK]
    if (first === undefined || first !== String(process.ppid) || process.send === undefined) return undefined
    // Not for the command.
    delete process.env[MARK]
    // When the command runs, nobody reads any more.
    process.stderr.on('error', () => undefined)
    return new Background()
  }

  started(name: string): void {
    process.send?.({ started: name } satisfies Started, () => {
      if (process.connected) process.disconnect?.()
    })
  }

  /** Nobody else sees the command: when its sandbox is removed, it is to end. Returns what forgets that. */
  endWith({ path }: Sandbox, kill: (signal: NodeJS.Signals) => void): () => void {
    if (!existsSync(path)) return () => undefined
    let killing: NodeJS.Timeout | undefined
    const news = watch(dirname(path), () => {
      if (killing || existsSync(path)) return
      kill('SIGTERM')
      killing = setTimeout(() => kill('SIGKILL'), GRACE_MS)
    })
    return () => {
      news.close()
      clearTimeout(killing)
    }
  }
}
