import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
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

/** What slipway serve does for the small program, which is typed in the place of Node.js. */
const SERVED = TYPED.filter((typed) => !typed.startsWith('--'))
/** As long as a server may take to listen. */
const LISTENS_MS = 10_000
const LOOK_MS = 10

const HERE = fileURLToPath(new URL('../..', import.meta.url))
/** The first start of each keeps what V8 has compiled. */
const WARM_UP = 2

// Node.js does not tell what a process that it has started took.
const STARTER = `
import json, os, sys, time
nowhere = os.open(os.devnull, os.O_RDWR)
rounds, commands = json.load(sys.stdin)
def start(command):
    program, words = command
    began = time.perf_counter()
    child = os.posix_spawn(program, words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, fd) for fd in (0, 1)])
    _, status, used = os.wait4(child, 0)
    if status != 0: sys.exit(f'{words}: status {status}')
    return [(used.ru_utime + used.ru_stime) * 1e6, (time.perf_counter() - began) * 1e6]
print(json.dumps([[start(words) for words in commands] for _ in range(rounds)]))
`

type Took = [cpu: number, wall: number]
type Command = [program: string, words: readonly string[]]

/** Commands and `node -e 0` in turns, each a process; `total` is the CPU time of `node -e 0`. */
export async function commands({ count }: TrialSpec, checkout = HERE): Promise<TrialResult> {
  const main = join(checkout, 'dist/cli/main.js')
  const slipway = (typed: string) => node([main, ...typed.split(' ')])
  await starts(1, [slipway('create --name app --publish 8080:80')])
  const series = await timed(count, {
    node: node(NODE),
    'node that starts true': node(NODE_STARTING_TRUE),
    ...Object.fromEntries(TYPED.map((typed) => [typed, slipway(typed)])),
  })
  const program = join(checkout, 'build/slipway-cni')
  if (existsSync(program)) {
    const served = (typed: string): Command => [program, ['slipway', ...typed.split(' ')]]
    const server = await serve(main)
    Object.assign(
      series,
      await timed(count, {
        '/bin/true': ['/bin/true', ['true']],
        ...Object.fromEntries(SERVED.map((typed) => [`served: ${typed}`, served(typed)])),
      }),
    )
    server.kill('SIGKILL')
  }
  return { total: series['node: CPU'] ?? [], phases: {}, series }
}

async function timed(count: number, lists: Readonly<Record<string, Command>>): Promise<Record<string, number[]>> {
  const rounds = (await starts(count + WARM_UP, Object.values(lists))).slice(WARM_UP)
  return Object.fromEntries(
    Object.keys(lists).flatMap((name, i) => [
      [`${name}: CPU`, rounds.map((round) => round[i]?.[0] ?? NaN)],
      [`${name}: elapsed`, rounds.map((round) => round[i]?.[1] ?? NaN)],
    ]),
  )
}

const node = (words: readonly string[]): Command => [process.execPath, [process.execPath, ...words]]

/** The trial's /run is its own. */
async function serve(main: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main, 'serve'], { stdio: 'ignore' })
  for (let waited = 0; !existsSync('/run/slipway/slipway.sock'); waited += LOOK_MS) {
    if (waited > LISTENS_MS) throw new Error('slipway serve does not listen')
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return child
}

/** Runs some commands, in turns. @returns What each took, round by round. */
async function starts(rounds: number, lists: readonly Command[]): Promise<Took[][]> {
  const starter = spawn('python3', ['-c', STARTER], { stdio: ['pipe', 'pipe', 'inherit'] })
  starter.stdin.end(JSON.stringify([rounds, lists]))
  const [said, [status]] = await Promise.all([text(starter.stdout), once(starter, 'close') as Promise<[number | null]>])
  if (status !== 0) throw new Error(`a command could not be measured: status ${status}`)
  return JSON.parse(said) as Took[][]
}
