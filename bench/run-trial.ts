import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PeerPaths } from './peers/programs.js'
import type { TrialResult, TrialSpec } from './trial-spec.js'

const run = promisify(execFile)

const NAMESPACES = fileURLToPath(new URL('../scripts/in-own-namespaces.sh', import.meta.url))
const TRIAL = fileURLToPath(new URL('trial.js', import.meta.url))

/** A trial that takes longer hangs; those that go on for a time are given that as well. */
const TRIAL_MS = 300_000
const SETTLED_MS = 120_000

/** With its first process ends all that a trial has started, and that is much where there is a dockerd. */
const PROCESSES = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']

/** A trial that could not be made, with what its process said. */
export class TrialFailed extends Error {}

/**
 * Runs a trial in a process and namespaces of its own, and returns when the kernel has taken those down.
 *
 * @throws {TrialFailed} The next may go well.
 */
export async function runTrial(spec: TrialSpec, peers: PeerPaths): Promise<TrialResult> {
  const args = [...PROCESSES, process.execPath, TRIAL, JSON.stringify(spec), JSON.stringify(peers)]
  // Who counts memory wants all of malloc's in one place.
  const env = spec.measure === 'costs' ? { ...process.env, MALLOC_ARENA_MAX: '1' } : process.env
  const timeout = TRIAL_MS + (spec.seconds ?? 0) * 1000
  try {
    const { stdout } = await run(NAMESPACES, args, { env, maxBuffer: 1 << 28, timeout, killSignal: 'SIGKILL' })
    return JSON.parse(stdout) as TrialResult
  } catch (error) {
    const { killed, stderr, message } = error as Error & { killed?: boolean; stderr?: string }
    throw new TrialFailed(
      `${JSON.stringify(spec)}: ${killed ? `not done within ${timeout / 1000} s\n` : ''}${stderr ?? message}`,
      { cause: error },
    )
  } finally {
    await settled()
  }
}

/**
 * Hundreds of namespaces went with the trial's process, and the kernel takes them down behind our back, one after
 * the other. So one more is made and let go: when that is gone, it was the last in the queue.
 */
async function settled(): Promise<void> {
  await run('ip', ['netns', 'add', 'settled'])
  await run('ip', ['link', 'add', 'name', 'settled', 'type', 'veth', 'peer', 'name', 'settled', 'netns', 'settled'])
  await run('ip', ['netns', 'delete', 'settled'])
  for (const end = Date.now() + SETTLED_MS; existsSync('/sys/class/net/settled'); await sleep(5)) {
    if (Date.now() > end)
      throw new Error(`The kernel has not taken the trial's namespaces down within ${SETTLED_MS / 1000} s.`)
  }
}
