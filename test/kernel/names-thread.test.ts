import { execFile, spawn } from 'node:child_process'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { addressOf, ask } from '../helpers/names.js'
import { eventually, World } from '../helpers/world.js'

/** The thread of the resolvers. Those of other tests are on this one's. */

const RESOLVER = '172.20.0.1'

async function open(t: ExecutionContext) {
  const world = new World(t)
  const slipway = await world.open()
  const web = await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] })
  return { world, slipway, web }
}

/** Microseconds of CPU that the thread of the event loop has had. */
function ownTime(): number {
  const [, fields = ''] = readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8').split(') ')
  const [user, system] = fields.split(' ').slice(11, 13).map(Number)
  // In ticks of the kernel's, which are a hundred a second for programs.
  return ((user ?? 0) + (system ?? 0)) * 10_000
}

/** The threads that are started until the test ends. */
function seeThreads(t: ExecutionContext): Worker[] {
  const threads: Worker[] = []
  const add = (worker: Worker) => threads.push(worker)
  process.on('worker', add)
  t.teardown(() => process.off('worker', add))
  return threads
}

test.serial('names are answered while the program does something else', async (t) => {
  const { world, slipway } = await open(t)
  const app = await world.create(slipway, 'app', { network: 'web', aliases: ['api'] })
  const file = join(world.stateDir, 'answer')
  spawn('nsenter', [`--net=${app.path}`, 'dig', '+short', '+tries=30', '+time=1', `@${RESOLVER}`, 'api'], {
    stdio: ['ignore', openSync(file, 'w'), 'ignore'],
    env: { ...process.env, LD_PRELOAD: '' },
  })
  // The event loop has no turn meanwhile.
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let round = 0; round < 300 && readFileSync(file, 'utf8') === ''; round++) Atomics.wait(pause, 0, 0, 100)
  t.is(readFileSync(file, 'utf8'), `${addressOf(app, 'web')}\n`)
})

test.serial('however much is asked, the thread answers it, and the event loop does nothing', async (t) => {
  const { world, slipway } = await open(t)
  const app = await world.create(slipway, 'app', { network: 'web', aliases: ['api'] })
  t.deepEqual(await ask(app, RESOLVER, 'api'), ['NOERROR', addressOf(app, 'web')])
  const script = `
import socket
question = bytes([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3]) + b'api' + bytes([0, 0, 1, 0, 1])
socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
socket.connect(('${RESOLVER}', 53))
socket.settimeout(20)
for n in range(5000):
  socket.send(question)
  socket.recv(512)`
  const before = { all: process.cpuUsage(), own: ownTime() }
  await promisify(execFile)('nsenter', [`--net=${app.path}`, 'python3', '-c', script], {
    env: { ...process.env, LD_PRELOAD: '' },
  })
  const { user, system } = process.cpuUsage(before.all)
  const own = ownTime() - before.own
  t.true(own < (user + system) / 2, `${own} of ${user + system} microseconds`)
})

test.serial('a thread that ends is told of and started again, and its networks are answered as before', async (t) => {
  const threads = seeThreads(t)
  const { world, slipway, web } = await open(t)
  const app = await world.create(slipway, 'app', { network: 'web', aliases: ['api'] })
  t.deepEqual(await ask(app, RESOLVER, 'api'), ['NOERROR', addressOf(app, 'web')])
  const warnings: string[] = []
  const warned = (warning: Error & { code?: string }) => warnings.push(`${warning.code}: ${warning.message}`)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  for (const which of [0, 1]) {
    t.true(await eventually(() => threads.length === which + 1, 20_000))
    await threads[which]?.terminate()
    for (const protocol of ['+notcp', '+tcp'])
      t.deepEqual(await ask(app, RESOLVER, protocol, '+tries=20', '+time=1', 'api'), ['NOERROR', addressOf(app, 'web')])
    t.true(await eventually(() => warnings.length === which + 1, 20_000))
  }
  t.regex(warnings[0] ?? '', /^SLIPWAY_NAMES: The thread that answers the names .* does not run .* started again/)
  await app.remove()
  await web.remove()
})

test.serial('where no thread is to be had, that is told, sandboxes are made, and it is tried again', async (t) => {
  const { world, slipway } = await open(t)
  const warnings: string[] = []
  const warned = ({ message }: Error) => warnings.push(message)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  const threads = process.getBuiltinModule('node:worker_threads') as { Worker: unknown }
  const { Worker: before } = threads
  threads.Worker = function () {
    throw new Error('no thread')
  }
  t.teardown(() => (threads.Worker = before))
  const app = await world.create(slipway, 'app', { network: 'web', aliases: ['api'] })
  t.true(await eventually(() => warnings.some((text) => text.includes('(no thread)')), 20_000))
  threads.Worker = before
  t.deepEqual(await ask(app, RESOLVER, '+tries=20', '+time=1', 'api'), ['NOERROR', addressOf(app, 'web')])
})

test.serial(
  'the thread starts with the first sandbox that joins a network of names, and ends with close()',
  async (t) => {
    const threads = seeThreads(t)
    const { world, slipway } = await open(t)
    await world.create(slipway, 'default')
    t.is(threads.length, 0)
    for (const name of ['app', 'db']) {
      await world.create(slipway, name, { network: 'web' })
      await new Promise((resolve) => setImmediate(resolve))
      t.is(threads.length, 1)
    }
    const exits = new Promise((resolve) => threads[0]?.once('exit', resolve))
    await slipway.close()
    await exits
  },
)

test.serial('what a thread had open is closed with its network, and with the host', async (t) => {
  const world = new World(t)
  const sockets = () => readdirSync('/proc/self/fd').length
  const round = async () => {
    const slipway = await world.open()
    const counts: number[] = []
    for (const name of ['one', 'two', 'one']) {
      const network = await slipway.networks.create({ name, subnets: [{ subnet: '172.20.0.0/16' }] })
      const app = await world.create(slipway, 'app', { network: name, aliases: ['api'] })
      t.deepEqual(await ask(app, RESOLVER, 'api'), ['NOERROR', addressOf(app, name)])
      await app.remove()
      await network.remove()
      // What listens to the settings of its bridge hears of its end a moment later.
      await sleep(200)
      counts.push(sockets())
    }
    await slipway.close()
    return counts
  }
  const [, second, third] = await round()
  t.is(third, second)
  const before = sockets()
  await round()
  t.true(await eventually(() => sockets() === before, 20_000), `${sockets()} of ${before}`)
})

test.serial('a process with a thread ends when it has nothing else to do', async (t) => {
  const world = new World(t)
  const script = `
    const { Slipway } = await import('#lib/index.js')
    let threads = 0
    process.on('worker', () => threads++)
    const slipway = await Slipway.open(${JSON.stringify({ netns: world.host.path, stateDir: world.stateDir })})
    await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] })
    await slipway.sandboxes.create({ name: '${world.name('app')}', network: 'web' })
    await new Promise((resolve) => setImmediate(resolve))
    console.log(threads)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 60_000,
  })
  t.is(stdout, '1\n')
})
