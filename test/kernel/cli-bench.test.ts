import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { constants } from 'node:os'
import test, { type ExecutionContext } from 'ava'
import { COMMAND, end, slipway } from '../helpers/command.js'
import { kernelState } from '../helpers/snapshot.js'
import { eventually, World } from '../helpers/world.js'

/** `slipway bench`: measures on a host of its own, and leaves ours alone. */

/** As somebody types it in the namespace of a world's host. */
const bench = (world: World, ...args: string[]): ChildProcess =>
  spawn('nsenter', [`--net=${world.host.path}`, process.execPath, COMMAND, 'bench', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })

/** Everything on this side that it could have touched. */
const ours = (world: World) => ({
  ...kernelState(world.host),
  namespaces: world.namespaces(),
  state: readdirSync('/run/slipway'),
})

async function leavesAllAsItWas(t: ExecutionContext, work: (world: World) => Promise<void>): Promise<void> {
  const world = new World(t)
  const before = ours(world)
  await work(world)
  t.deepEqual(ours(world), before)
}

test('bench: a row for each thing that is measured, and the burst', (t) =>
  leavesAllAsItWas(t, async (world) => {
    const { status, stdout, stderr } = await end(bench(world, '--count', '3'))
    t.like({ status, stderr }, { status: 0, stderr: '' })
    const time = '[\\d.,]+ (µs|ms|s)'
    t.regex(stdout, /^3 sandboxes with a published port each · Linux .*, \d+ × .*, Node\.js v/)
    t.regex(stdout, / p50 +p90 +p99\n/)
    for (const row of ['create', 'from pool', 'publish', 'first byte', 'remove'])
      t.regex(stdout, new RegExp(`^${row} +[▁▂▃▄▅▆▇█ ]+( +${time}){3}$`, 'm'))
    t.regex(stdout, /^ +[─┬]+$/m)
    t.regex(stdout, new RegExp(`\\n3 at once: ${time}, [\\d,]+ a second\\n$`))
  }))

test('bench --json: every time, and percentiles that are among them', (t) =>
  leavesAllAsItWas(t, async (world) => {
    const { status, stdout } = await end(bench(world, '--count', '4', '--json'))
    t.is(status, 0)
    const told = JSON.parse(stdout) as {
      unit: string
      percentiles: Record<string, Record<string, number>>
      burst: { endpoints: number; microseconds: number }
      samples: Record<string, number[]>
    }
    t.is(told.unit, 'µs')
    t.deepEqual(Object.keys(told.samples), ['create', 'from pool', 'publish', 'first byte', 'remove'])
    for (const [step, samples] of Object.entries(told.samples)) {
      t.is(samples.length, 4, step)
      t.true(
        samples.every((one) => one > 0),
        step,
      )
      t.deepEqual(Object.keys(told.percentiles[step] ?? {}), ['p50', 'p90', 'p99'])
      t.is(told.percentiles[step]?.['p99'], Math.max(...samples))
    }
    t.is(told.burst.endpoints, 4)
    t.true(told.burst.microseconds > 0)
  }))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`bench: ${signal} ends it, and nothing stays`, (t) =>
    leavesAllAsItWas(t, async (world) => {
      const command = bench(world, '--count', '500')
      const ended = end(command)
      const measuring = await measuringOf(t, command)
      command.kill(signal)
      t.deepEqual(await ended, { status: 128 + constants.signals[signal], stdout: '', stderr: '' })
      t.false(existsSync(`/proc/${measuring}`))
    }))
}

test('bench: nothing stays of one that is killed, either', (t) =>
  leavesAllAsItWas(t, async (world) => {
    const command = bench(world, '--count', '500')
    const ended = end(command)
    const measuring = await measuringOf(t, command)
    command.kill('SIGKILL')
    t.is((await ended).status, null)
    t.true(await eventually(() => !existsSync(`/proc/${measuring}`)))
  }))

test('bench: what it is not meant to be asked', async (t) => {
  const world = new World(t)
  t.like(await slipway(world, 'bench'), {
    status: 2,
    stdout: '',
    stderr:
      'slipway: bench makes a host of its own: options of the host (before the command) have no meaning for it. Leave them out.\n',
  })
  for (const count of ['0', '501', '-1', 'many']) t.is((await end(bench(world, '--count', count))).status, 2, count)
  const { status, stderr } = await end(
    spawn('setpriv', ['--bounding-set=-sys_admin', '--', process.execPath, COMMAND, 'bench'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  t.is(status, 1)
  t.regex(stderr, /CAP_SYS_ADMIN/)
})

/** Its process that measures, once that is at it, in namespaces that are not ours. */
async function measuringOf(t: ExecutionContext, { pid }: ChildProcess): Promise<string> {
  let found = ''
  let names: string[] = []
  const started = await eventually(() => {
    found = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    const folder = `/proc/${found}/root/run/netns`
    if (
      found === '' ||
      readlinkSync(`/proc/${found}/ns/mnt`) === readlinkSync('/proc/self/ns/mnt') ||
      !existsSync(folder)
    )
      return false
    names = readdirSync(folder)
    // Before it has a /run of its own, it sees ours.
    return names.length > 20 && !names.some((name) => existsSync(`/run/netns/${name}`))
  }, 20_000)
  t.true(started)
  return found
}
