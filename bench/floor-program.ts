import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const PROGRAM = fileURLToPath(new URL('../build/floor/floor', import.meta.url))

/** Runs the C++ program of bench/floor. @returns what it printed: lists of nanoseconds by name. */
export async function runFloor<Result>(...args: string[]): Promise<Result> {
  const { stdout } = await promisify(execFile)(PROGRAM, args, { maxBuffer: 1 << 28 })
  return JSON.parse(stdout) as Result
}
