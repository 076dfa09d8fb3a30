import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TrialResult, TrialSpec } from './trial-spec.js'

const run = promisify(execFile)

const NAMESPACES = fileURLToPath(new URL('../scripts/in-own-namespaces.sh', import.meta.url))
const TRIAL = fileURLToPath(new URL('trial.js', import.meta.url))

/** Runs a trial in a process and namespaces of its own, and returns when the kernel has taken those down. */
export async function runTrial(spec: TrialSpec): Promise<TrialResult> {
  const { stdout } = await run(NAMESPACES, [process.execPath, TRIAL, JSON.stringify(spec)], { maxBuffer: 1 << 28 })
  await settled()
  return JSON.parse(stdout) as TrialResult
}

/**
 * Hundreds of namespaces went with the trial's process, and the kernel takes them down behind our back, one after
 * the other. So one more is made and let go: when that is gone, it was the last in the queue.
 */
async function settled(): Promise<void> {
  await run('ip', ['netns', 'add', 'settled'])
  await run('ip', ['link', 'add', 'name', 'settled', 'type', 'veth', 'peer', 'name', 'settled', 'netns', 'settled'])
  await run('ip', ['netns', 'delete', 'settled'])
  while (existsSync('/sys/class/net/settled')) await sleep(5)
}
