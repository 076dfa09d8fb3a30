import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { Host } from '#lib/kernel/host.js'
import { PlanRefused } from '#lib/kernel/refusal.js'
import type { Operation, Plan } from '#lib/plan/operation.js'
import { eventually, execIn, World, type Place } from '../helpers/world.js'

/** A thread that cannot come home from another namespace ends, and another goes on with what is in the queue. */

const TASKS = '/proc/self/task'

/** Threads of executors: three of each open host. */
const threads = (): string[] => readdirSync(TASKS).filter((id) => nameOf(id) === 'slipway')

/** `undefined` for one that has ended since it was listed: others come and go, which make room for descriptors. */
function nameOf(thread: string): string | undefined {
  try {
    return readFileSync(join(TASKS, thread, 'comm'), 'utf8').trim()
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/**
 * From now on, each of these threads is refused the way home: that is the first time that it calls setns, or the second
 * where that has taken it there.
 */
async function refuseTheWayHome(t: ExecutionContext, ids: readonly string[], time = 1): Promise<void> {
  const strace = spawn(
    'strace',
    [
      ...ids.flatMap((id) => ['-p', id]),
      '-o',
      '/dev/null',
      '-e',
      'trace=setns',
      '-e',
      'signal=none',
      '-e',
      `inject=setns:error=EPERM:when=${time}`,
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LD_PRELOAD: '' },
    },
  )
  t.teardown(() => strace.kill())
  let said = ''
  strace.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  t.true(await eventually(() => said.match(/attached/g)?.length === ids.length), said)
}

const isLoopbackThere = async (host: Host): Promise<boolean> => (await host.find('link', { name: 'lo' })) !== undefined

test.serial('a create whose namespace was being prepared is done by the next thread', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await world.create(slipway, 'first')
  const before = threads()
  t.is(before.length, 3)
  await refuseTheWayHome(t, before)
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  t.regex(execIn(app, 'ip', 'address', 'show', 'eth0'), /172\.17\.0\.3/)
  const after = threads()
  t.is(after.length, 3)
  t.is(after.filter((id) => before.includes(id)).length, 2)
  await app.remove()
  await slipway.close({ wait: true })
  t.deepEqual(world.namespaces(), [world.host.name, world.neighbour.name, world.name('first')].sort())
})

test.serial('a preparation for which nobody comes: what is asked next is answered', async (t) => {
  const world = new World(t)
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  await refuseTheWayHome(t, threads())
  host.prepare()
  t.true(await isLoopbackThere(host))
})

test.serial(
  'a plan that was in another namespace ends there, and is undone but for what can only be done at home',
  async (t) => {
    const world = new World(t)
    const host = new Host(world.host.path)
    t.teardown(() => host.close())
    const [first, second] = [world.name('first'), world.name('second')].map((name) => ({
      name,
      path: join('/run/netns', name),
    })) as [Place, Place]
    const forward = (value: string, netns?: string): Operation => ({
      op: 'sysctl.write',
      ...(netns === undefined ? {} : { netns }),
      key: 'net/ipv4/ip_forward',
      value,
    })
    const isForwarding = (place: Place): boolean => execIn(place, 'sysctl', '-n', 'net.ipv4.ip_forward').trim() === '1'
    await host.run([{ op: 'netns.create', path: first.path }, forward('0', first.path), forward('0')])
    await refuseTheWayHome(t, threads(), 2)
    const plan: Plan = [
      { op: 'netns.bind', path: second.path, from: first.path },
      forward('1'),
      forward('1', first.path),
      { op: 'netns.create', path: `${second.path}-more` },
    ]
    const refused = await t.throwsAsync(host.run(plan), { instanceOf: PlanRefused })
    t.deepEqual([refused.operation, refused.errnoName, refused.refusal.syscall], [plan[3], 'EXDEV', 'setns'])
    t.deepEqual(refused.refusal.notUndone, [{ operation: 'sysctl -qw net/ipv4/ip_forward=1', errnoName: 'EXDEV' }])
    t.deepEqual([world.host, first].map(isForwarding), [true, false])
    t.false(existsSync(second.path))
    await host.run([forward('0')])
    t.false(isForwarding(world.host))
    await host.run([{ op: 'netns.delete', path: first.path }])
  },
)

test.serial('a plan that has begun is run to its end, though the thread is lost and the worker ends', async (t) => {
  const world = new World(t)
  const [file, netns] = [join(world.stateDir, 'file'), join('/run/netns', world.name('begun'))]
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.module).then(({ Host }) => {
      const host = new Host(workerData.path)
      parentPort.on('message', () => {
        host.prepare()
        void host.run(workerData.plan)
        process.exit()
      })
      parentPort.postMessage('open')
    })`,
    {
      eval: true,
      workerData: {
        module: import.meta.resolve('#lib/kernel/host.js'),
        path: world.host.path,
        plan: [
          { op: 'file.create', path: file, content: 'x' },
          { op: 'netns.create', path: netns },
        ] satisfies Plan,
      },
    },
  )
  await once(worker, 'message')
  await refuseTheWayHome(t, threads())
  const ended = once(worker, 'exit')
  worker.postMessage('go')
  await ended
  t.true(existsSync(file) && existsSync(netns))
})
