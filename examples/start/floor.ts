import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ip } from './neighbourhood.js'

const run = promisify(execFile)

const NAMESPACES = fileURLToPath(new URL('../../scripts/in-own-namespaces.sh', import.meta.url))
const TRIAL = fileURLToPath(new URL('../../build-bench/trial.js', import.meta.url))

/** Ten seconds are some thousand namespaces. */
const PATIENCE_MS = 10_000

/**
 * Microseconds that each of `count` endpoints takes a C++ program that sends the same messages and does nothing else,
 * beside as many others as ours are. A trial of the benchmark, in a host namespace of its own.
 */
export async function measureFloor(count: number, beside: number): Promise<number[]> {
  const trial = { arm: 'floor', measure: 'latency', warmUp: beside, count }
  const { stdout } = await run(NAMESPACES, [process.execPath, TRIAL, JSON.stringify(trial)], { maxBuffer: 1 << 28 })
  await untilTakenDown()
  return (JSON.parse(stdout) as { total: number[] }).total
}

/**
 * The kernel takes down what a process leaves behind our backs, one namespace after the other. So one more is made and
 * let go: when that is gone, it was the last in the queue.
 */
export async function untilTakenDown(): Promise<void> {
  ip('netns add last')
  ip('link add last type veth peer name last netns last')
  ip('netns delete last')
  const deadline = Date.now() + PATIENCE_MS
  while (existsSync('/sys/class/net/last') && Date.now() < deadline) await sleep(5)
}
