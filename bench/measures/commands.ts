import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/**
 * What Node.js takes to start, with and without a program that it starts in turn, and what is typed after `slipway`:
 * each makes what the next one needs.
 */
const NODE = ['-e', '0']
const NODE_STARTING_TRUE = ['-e', "require('node:child_process').spawn('true', { stdio: 'inherit' })"]
const TYPED = [
  '--version',
  '--help',
  'ls',
  'port app',
  'create --name other',
  'rm other',
  'exec app true',
  'run --network none true',
  'run true',
]

const HERE = fileURLToPath(new URL('../..', import.meta.url))
/** The first start of each keeps what V8 has compiled. */
const WARM_UP = 2

// Node.js does not tell what a process that it has started took.
const STARTER = `
import json, os, sys, time
nowhere = os.open(os.devnull, os.O_RDWR)
rounds, commands = json.load(sys.stdin)
def start(words):
    began = time.perf_counter()
    child = os.posix_spawn(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, fd) for fd in (0, 1)])
    _, status, used = os.wait4(child, 0)
    if status != 0: sys.exit(f'{words}: status {status}')
    return [(used.ru_utime + used.ru_stime) * 1e6, (time.perf_counter() - began) * 1e6]
print(json.dumps([[start(words) for words in commands] for _ in range(rounds)]))
`

type Took = [cpu: number, wall: number]

/** Commands and `node -e 0` in turns, each a process; `total` is the CPU time of `node -e 0`. */
export async function commands({ count }: TrialSpec, checkout = HERE): Promise<TrialResult> {
  const slipway = (typed: string) => [join(checkout, 'dist/cli/main.js'), ...typed.split(' ')]
  await starts(1, [slipway('create --name app --publish 8080:80')])
  const rounds = await starts(count + WARM_UP, [NODE, NODE_STARTING_TRUE, ...TYPED.map(slipway)])
  const timed = rounds.slice(WARM_UP)
  const series: Record<string, number[]> = {}
  for (const [i, name] of ['node', 'node that starts true', ...TYPED].entries()) {
    series[`${name}: CPU`] = timed.map((round) => round[i]?.[0] ?? NaN)
    series[`${name}: elapsed`] = timed.map((round) => round[i]?.[1] ?? NaN)
  }
  return { total: series['node: CPU'] ?? [], phases: {}, series }
}

/** Runs Node.js with each of some lists of words, in turns. @returns What each took, round by round. */
async function starts(rounds: number, lists: readonly (readonly string[])[]): Promise<Took[][]> {
  const starter = spawn('python3', ['-c', STARTER], { stdio: ['pipe', 'pipe', 'inherit'] })
  starter.stdin.end(JSON.stringify([rounds, lists.map((words) => [process.execPath, ...words])]))
  const [said, [status]] = await Promise.all([text(starter.stdout), once(starter, 'close') as Promise<[number | null]>])
  if (status !== 0) throw new Error(`a command could not be measured: status ${status}`)
  return JSON.parse(said) as Took[][]
}
