import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { once } from 'node:events'

/** Runs a program that reads JSON and prints JSON, or nothing. @throws {Error} with what it said. */
export async function runPlugin(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input: unknown,
): Promise<unknown> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  // It may end without reading.
  child.stdin.on('error', () => undefined)
  child.stdin.end(JSON.stringify(input))
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`)
  return stdout.trim() === '' ? undefined : JSON.parse(stdout)
}
