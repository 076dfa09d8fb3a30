import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { preloaded } from '../helpers/preloaded.js'
import { PATIENCE } from '../helpers/world.js'
import type { Options, Scenario } from './child.js'

const CHILD = fileURLToPath(new URL('child.js', import.meta.url))
/** A child that takes longer hangs. */
const CHILD_MS = 60_000 * PATIENCE

export interface Ended {
  code: number | null
  /** What killed it: a crash's SIGSEGV or SIGABRT, a test's SIGKILL, SIGTERM for one that hung. */
  signal: NodeJS.Signals | null
  /** Each line that it printed. */
  said: unknown[]
  stderr: string
}

export interface Child {
  process: ChildProcess
  ended: Promise<Ended>
  /** Resolves when it has printed a line more. */
  saysMore(): Promise<void>
}

export interface How {
  /** A program that runs it: `['strace', '-f']`. */
  under?: string[]
  /** Options of node. */
  node?: string[]
  /** Libraries that are preloaded to it, and variables of its environment. */
  preload?: string[]
  env?: Record<string, string>
  /** It hangs when it takes longer, in milliseconds. */
  timeout?: number
}

export function startChild(scenario: Scenario, options: Options, how: How = {}): Child {
  const { under = [], node = [], preload, timeout = CHILD_MS } = how
  const program = [process.execPath, ...node, CHILD, scenario, JSON.stringify(options)]
  const { command, args, env } = preloaded(under, program, preload)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout, env: { ...env, ...how.env } })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const said = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown)
      resolve({ code, signal, said, stderr })
    })
  })
  const more = () => new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  return { process: child, ended, saysMore: () => Promise.race([more(), ended.then(() => undefined)]) }
}

export const runChild = (scenario: Scenario, options: Options, how?: How): Promise<Ended> =>
  startChild(scenario, options, how).ended

/** What an undisturbed child ends like. */
export const WELL = { code: 0, signal: null, stderr: '' } as const

export const howItEnded = ({ code, signal, stderr }: Ended) => ({ code, signal, stderr })
