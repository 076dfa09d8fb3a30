// Why: what `slipway bench` measures, in a process and namespaces of its own (own-host.ts). Its argument is how many.
import { connect, createServer } from 'node:net'
import { performance } from 'node:perf_hooks'
import { Host } from '../../kernel/host.js'
import type { Sandbox } from '../../api/sandboxes/sandbox.js'
import { Slipway } from '../../api/slipway.js'
import { reportFailure } from '../failures.js'
import type { Measured, Message, Step } from './messages.js'

/** Not counted: code that runs for the first time is slow. */
const WARM_UP = 10
const CONTAINER_PORT = 80
const OTHER_PORT = 81
/** Below the ports that clients are given. */
const FIRST_PORT = 10_000
/** Sandboxes made ahead of need take descriptors: so many fit where a process may have few. */
const POOLED = 50
/** How often a step tells how far it is: telling takes time, too. */
const TOLD = 20

// Who asked is gone: so are we, and the kernel takes the namespaces down.
process.on('disconnect', () => process.exit())
try {
  await raiseLoopback()
  const count = Number(process.argv[2])
  const pooled = await measurePool(Math.min(count, POOLED))
  const slipway = await Slipway.open()
  tell({ measured: await measure(slipway, count, pooled) }, () => process.exit())
} catch (error) {
  process.exit(reportFailure(error))
}

/** Creates that take what was made ahead of need. */
async function measurePool(count: number): Promise<number[]> {
  const slipway = await Slipway.open({ pool: { size: WARM_UP + count } })
  await slipway.pool.ready()
  let port = FIRST_PORT
  const sandboxes: Sandbox[] = []
  const create = () =>
    timed(async () => sandboxes.push(await slipway.sandboxes.create({ publish: [`${port++}:${CONTAINER_PORT}`] })))
  for (let i = 0; i < WARM_UP; i++) await create()
  const times = await repeat('from pool', count, create)
  for (const sandbox of sandboxes) await sandbox.remove()
  await slipway.close()
  return times
}

async function measure(slipway: Slipway, count: number, pooled: number[]): Promise<Measured> {
  let port = FIRST_PORT
  const create = () => slipway.sandboxes.create({ publish: [`${port++}:${CONTAINER_PORT}`] })
  for (let i = 0; i < WARM_UP; i++) {
    const sandbox = await create()
    await sandbox.publish(`${port++}:${OTHER_PORT}`)
    await firstByte(sandbox)
    await sandbox.remove()
  }
  const sandboxes: Sandbox[] = []
  const samples = {
    create: await repeat('create', count, () => timed(async () => sandboxes.push(await create()))),
    'from pool': pooled,
    publish: await repeat('publish', count, (i) => timed(() => at(sandboxes, i).publish(`${port++}:${OTHER_PORT}`))),
    'first byte': await repeat('first byte', count, (i) => firstByte(at(sandboxes, i))),
    remove: await repeat('remove', count, (i) => timed(() => at(sandboxes, i).remove())),
  }
  tell({ doing: 'burst', done: 0 })
  const microseconds = await timed(() => Promise.all(Array.from({ length: count }, create)))
  return { samples, burst: { endpoints: count, microseconds } }
}

/** @param work - Done for each number; resolves with how long it took. */
async function repeat(doing: Step, count: number, work: (i: number) => Promise<number>): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    times.push(await work(i))
    if (i % Math.ceil(count / TOLD) === 0) tell({ doing, done: i })
  }
  return times
}

/** Microseconds from the connection's first packet until a byte of a server in the sandbox has come back. */
async function firstByte(sandbox: Sandbox): Promise<number> {
  const server = sandbox.enter(() => createServer((socket) => socket.end('\n')).listen(CONTAINER_PORT))
  try {
    return await timed(
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(sandbox.ports[0]?.hostPort ?? 0, '127.0.0.1')
          socket.once('data', () => {
            socket.destroy()
            resolve()
          })
          socket.once('end', () => reject(new Error('the server in the sandbox hung up without a word')))
          socket.once('error', reject)
        }),
    )
  } finally {
    server.close()
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  // The clock knows no finer than a tenth.
  return Math.round((performance.now() - began) * 10_000) / 10
}

/** A new namespace has a loopback that is down. */
async function raiseLoopback(): Promise<void> {
  const host = new Host(undefined)
  try {
    await host.run([{ op: 'link.set', name: 'lo', up: true }])
  } finally {
    await host.close()
  }
}

function at<T>(list: readonly T[], i: number): T {
  const found = list[i]
  if (found === undefined) throw new RangeError(`there is no ${i} of ${list.length}`)
  return found
}

function tell(message: Message, told?: () => void): void {
  process.send?.(message, () => told?.())
}
