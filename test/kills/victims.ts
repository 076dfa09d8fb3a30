import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { PATIENCE } from '../helpers/world.js'
import type { Order } from './child.js'

const CHILD = fileURLToPath(new URL('child.js', import.meta.url))
const KILLER = fileURLToPath(new URL('../../build/kill-before.so', import.meta.url))
/** A process that takes longer hangs. */
const MOST_MS = 20_000 * PATIENCE
/** In place of none of its calls. */
export const NEVER = 1_000_000_000

export interface Death {
  /** Instead of which call: `linkat`. Left out where it lived on, or was killed by a signal from outside. */
  killed?: string
  /** Each line that it printed: `done` when its call had returned, `closed` at its end. */
  said: string[]
  /** How many calls it made, where it lived on. */
  calls: number
}

export interface Victim {
  /** When it has opened the host, or has ended. */
  opened: Promise<unknown>
  death: Promise<Death>
  kill(): void
}

/** Processes that are to be killed. Some are started ahead: Node.js takes longer than all that follows. */
export class Victims {
  readonly #ahead: ChildProcess[] = []
  readonly #number: number

  /** @param number - How many are started ahead. */
  constructor(t: ExecutionContext, number: number) {
    this.#number = number
    t.teardown(() => this.#ahead.map((child) => child.kill('SIGKILL')))
  }

  #start(): ChildProcess {
    const LD_PRELOAD = [process.env['SLIPWAY_PRELOAD'], KILLER].filter(Boolean).join(':')
    return spawn(process.execPath, [CHILD], { stdio: 'pipe', env: { ...process.env, LD_PRELOAD }, timeout: MOST_MS })
  }

  start(order: Order): Victim {
    while (this.#ahead.length <= this.#number) this.#ahead.push(this.#start())
    const child = this.#ahead.shift() as ChildProcess
    const said: string[] = []
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (more: string) => (stderr += more))
    const opened = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (line === 'open') resolve()
        said.push(line)
      })
      child.once('close', () => resolve())
    })
    child.stdin?.end(JSON.stringify(order))
    let byUs = false
    const death = (once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>).then(([code, signal]) => {
      const [, killed] = /^killed before \d+ (\w+)$/m.exec(stderr) ?? []
      const calls = Number(/^calls (\d+)/m.exec(stderr)?.[1] ?? 0)
      if (signal === 'SIGKILL' && (killed !== undefined || byUs))
        return killed ? { killed, said, calls } : { said, calls }
      if (code !== 0 || !said.includes('closed')) throw new Error(`it ended by ${signal ?? code}: ${stderr}`)
      return { said, calls }
    })
    return {
      opened,
      death,
      kill() {
        byUs = true
        child.kill('SIGKILL')
      },
    }
  }

  run(order: Order): Promise<Death> {
    return this.start(order).death
  }
}
