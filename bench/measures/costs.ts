import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { atOnce } from '../arms/arm.js'
import { Ours } from '../arms/ours.js'
import { loadLibrary } from '../library.js'
import { median } from '../stats.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'
import { collector } from './collect.js'

const OPENING = fileURLToPath(new URL('opening.js', import.meta.url))
const OPENINGS = 10
const HERE = fileURLToPath(new URL('../..', import.meta.url))
const NAMESPACES = fileURLToPath(new URL('../../scripts/in-own-namespaces.sh', import.meta.url))

/**
 * What Slipway takes when nothing is asked of it: memory for each live sandbox, CPU in `seconds` of idleness, the time
 * from the first line of a program to an open host (`total`).
 */
export async function costs(
  { warmUp, count, seconds = 3 }: TrialSpec,
  checkout: string | undefined,
): Promise<TrialResult> {
  const openings: Opening[] = []
  for (let i = 0; i < OPENINGS; i++) openings.push(await opening(checkout))
  const arm = await Ours.open(await loadLibrary(checkout))
  try {
    await atOnce(warmUp, 100, (i) => arm.create(i))
    const before = await memory()
    await atOnce(count, 100, (i) => arm.create(warmUp + i))
    const after = await memory()
    const perSandbox = (pick: keyof typeof before) => (after[pick] - before[pick]) / count
    return {
      total: openings.map(([imported, opened]) => imported + opened),
      phases: {},
      numbers: {
        importMicroseconds: median(openings.map(([imported]) => imported)),
        openMicroseconds: median(openings.map(([, opened]) => opened)),
        heapPerSandboxBytes: perSandbox('heap'),
        nativePerSandboxBytes: perSandbox('native'),
        ...(await idle(seconds)),
      },
    }
  } finally {
    await arm.close()
  }
}

type Opening = [imported: number, opened: number]

/** Import and open on an empty host, in a fresh process and namespace, in microseconds. */
async function opening(checkout: string | undefined): Promise<Opening> {
  // As text, because a module that has no file imports from the folder that its process is in: one program for all.
  const program = ['--input-type=module', '--eval', readFileSync(OPENING, 'utf8')]
  const { stdout } = await promisify(execFile)(NAMESPACES, [process.execPath, ...program], { cwd: checkout ?? HERE })
  return JSON.parse(stdout) as Opening
}

const collect = collector()

/**
 * What stays after collections: of V8's heap, and of malloc's, which is one region here (run-trial.ts asks for one
 * arena). That one grows by what was in use at most at a time, and in steps: it takes thousands of sandboxes, beside as
 * many as were in flight before.
 */
async function memory(): Promise<{ heap: number; native: number }> {
  for (let i = 0; i < 4; i++) {
    collect()
    await sleep(20)
  }
  const region = /\[heap\]\n[^]*?^Rss:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps', 'utf8'))
  return { heap: process.memoryUsage().heapUsed, native: Number(region?.[1]) * 1024 }
}

/** CPU time and how often a thread woke up while nothing was asked, without the timer that ends it. */
async function idle(seconds: number): Promise<Record<string, number>> {
  await sleep(500)
  const wakeUps = switches()
  const cpu = process.cpuUsage()
  await sleep(seconds * 1000)
  const { user, system } = process.cpuUsage(cpu)
  return { idleSeconds: seconds, idleCpuMicroseconds: user + system, idleWakeUps: switches() - wakeUps - 1 }
}

/** Voluntary context switches of all threads: each is a wait that ended. */
const switches = () =>
  readdirSync('/proc/self/task').reduce(
    (sum, task) =>
      sum +
      Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`/proc/self/task/${task}/status`, 'utf8'))?.[1]),
    0,
  )
