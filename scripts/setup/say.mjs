// Why: every step of the set-up speaks the same way: a line when it does something, its time when done,
// the tool's own output only when it failed, and nothing at all when there was nothing to do.
import { spawnSync } from 'node:child_process'

// An error whose sentence is all that a person needs: no stack.
export class SetupError extends Error {}

export function say(text) {
  process.stderr.write(`slipway: ${text}\n`)
}

// Says what is under way, runs it, says how long it took.
export function step(text, work) {
  const began = performance.now()
  say(`${text} …`)
  const result = work()
  say(`${text}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  return result
}

// Runs a command to its end and returns what it printed. A failure shows all of it, under one sentence.
export function run(command, args, { sentence, ...options } = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    ...options,
  })
  if (result.status === 0) return result
  const output = [result.stdout, result.stderr].filter(Boolean).join('')
  const how = result.error?.message ?? (result.signal ? `ended by ${result.signal}` : `exit status ${result.status}`)
  throw new SetupError(
    `${output}${output.endsWith('\n') || output === '' ? '' : '\n'}` +
      `${sentence ?? 'A command failed.'} (${[command, ...args].join(' ')}: ${how})`,
  )
}

export function fail(error) {
  say(error instanceof SetupError ? error.message : error.stack)
  process.exit(1)
}
