import { spawnSync } from 'node:child_process'

/** No tool takes longer, unless it hangs. */
const TOOL_MS = 30_000

export interface Outcome {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs a command to its end, however it ends. */
export function attempt(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Outcome {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: TOOL_MS,
    maxBuffer: 64 << 20,
    env,
  })
  if (error) throw new Error(`${command} ${args.join(' ')}: ${error.message}`, { cause: error })
  return { status, stdout, stderr }
}

/** Runs a command that must succeed. @returns what it printed. */
export function run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = attempt(command, args, env)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit status ${status}\n${stderr || stdout}`)
  return stdout
}

export const ip = (...args: string[]): string => run('ip', args)

/** What `ip -j` prints; it prints nothing at all where there is nothing. */
export const ipJson = (args: readonly string[], netns?: string): Record<string, unknown>[] => {
  const command = ['ip', '-j', ...args]
  const [first = '', ...rest] = netns === undefined ? command : ['nsenter', `--net=${netns}`, ...command]
  return JSON.parse(run(first, rest) || '[]') as Record<string, unknown>[]
}
