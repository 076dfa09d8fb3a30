import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { Host } from '#lib/kernel/host.js'
import { PlanRefused } from '#lib/kernel/refusal.js'
import { Executor, filterSources } from '#lib/kernel/native.js'
import type { Plan } from '#lib/plan/operation.js'
import { END } from '#lib/plan/wire.js'
import { World } from '../helpers/world.js'

/** What asks for more memory than there is, is refused: with an error, undone, and the process goes on. */

const MB = 1024 * 1024
/** Enough for what V8 takes meanwhile, and less than what is asked for. */
const ROOM = 80 * MB
/** Shorter than the longest that is read. While it is read, it takes half as much again. */
const FILE = 63 * MB
const TEXT = 125 * MB

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

// A sanitizer's allocator ends the process in place of refusing.
const unlessSanitized = process.env['SLIPWAY_SANITIZER'] ? test.serial.skip : test.serial

/** The process has no room for as much as what is asked for here. */
async function withoutMemory<Result>(work: () => Promise<Result>): Promise<Result> {
  const limit = (bytes: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--as=${bytes}:unlimited`])
  collectGarbage()
  const [, used = ''] = /^VmSize:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  limit(Number(used) * 1024 + ROOM)
  try {
    return await work()
  } finally {
    limit('unlimited')
  }
}

/** A plan's text, with what it begins with: how many ends of fields are in it. */
const planOf = (text: string): string => `${text.split(END).length}${END}${text}`

const setUp = (world: World) => {
  const host = new Host(world.host.path)
  const small = join(world.stateDir, 'small')
  const large = join(world.stateDir, 'large')
  writeFileSync(large, '')
  truncateSync(large, FILE)
  return { host, small, large }
}

unlessSanitized(
  'on the thread of the executor: what was done is taken back, and what comes next is done',
  async (t) => {
    const world = new World(t)
    const { host, small, large } = setUp(world)
    const plan: Plan = [
      { op: 'file.create', path: small, content: 'small' },
      { op: 'link.create', name: 'br-small', kind: 'bridge' },
      { op: 'file.check', path: large, expected: 'anything' },
    ]
    const refused = await withoutMemory(() => t.throwsAsync<PlanRefused>(host.run(plan), { instanceOf: PlanRefused }))
    t.like(refused?.refusal, { errnoName: 'ENOMEM', syscall: 'malloc', notUndone: [] })
    t.is(refused?.operation.op, 'file.check')
    t.false(existsSync(small))
    t.is(await host.find('link', { name: 'br-small' }), undefined)
    await host.run(plan.slice(0, 2))
    t.is((await host.find('link', { name: 'br-small' }))?.kind, 'bridge')
    await host.close()
  },
)

unlessSanitized('on the thread of JavaScript', async (t) => {
  const world = new World(t)
  const { host, small, large } = setUp(world)
  const plan: Plan = [
    { op: 'file.create', path: small, content: 'small' },
    { op: 'file.check', path: large, expected: 'anything' },
  ]
  const refused = await withoutMemory(() => t.throwsAsync<PlanRefused>(host.run(plan), { instanceOf: PlanRefused }))
  t.like(refused?.refusal, { errnoName: 'ENOMEM', syscall: 'malloc', notUndone: [] })
  t.false(existsSync(small))
  await host.run(plan.slice(0, 1))
  t.true(existsSync(small))
  await host.close()
})

unlessSanitized('a plan, a question and a path that are longer than there is room for', async (t) => {
  const world = new World(t)
  const executor = new Executor(world.host.path)
  const long = 'x'.repeat(TEXT)
  // One text, and not a tree of halves.
  t.is(long.indexOf('y'), -1)
  const failure = { errno: 12, syscall: 'malloc' }
  await withoutMemory(async () => {
    t.like(executor.runNow(long, false)?.failure, failure)
    t.like((await executor.run(long, false, undefined, 0, false))?.failure, failure)
    t.like(await executor.runTogether([long, long], [0, 0], false)[1], { failure })
    t.like(await executor.query({ ask: 'link', name: long }), { failure })
    t.like(t.throws<Error & { failure: object }>(() => new Executor(long)).failure, failure)
    t.like(t.throws<Error & { failure: object }>(() => filterSources(0, [long], [])).failure, failure)
  })
  t.like(await executor.query({ ask: 'link', name: 'lo' }), { value: { name: 'lo' } })
  await executor.close()
})

test.serial('what is too much is refused before memory is asked for', async (t) => {
  const world = new World(t)
  const host = new Host(world.host.path)
  const executor = new Executor(world.host.path)
  const failure = { errno: 7, syscall: 'malloc' }
  const checks = 'link.check\x1flo\x1f1\x1f'
  t.like(executor.runNow(planOf(`300000\x1f${checks.repeat(300_000)}`), false)?.failure, failure)
  t.like(executor.runNow('x'.repeat(129 * MB), false)?.failure, failure)
  t.like(
    t.throws<Error & { failure: object }>(() => filterSources(0, new Array<string>(2 ** 32 - 1), [])).failure,
    failure,
  )
  // A count is believed only as far as there is something to be counted.
  t.throws(() => executor.runNow(planOf('4294967295\x1f'), false), { message: /unknown operation/ })
  t.throws(
    () =>
      executor.runNow(planOf('1\x1felement.add\x1finet\x1fslipway\x1fx\x1fipv4_addr\x1f\x1f\x1f4294967295\x1f'), false),
    { message: /is not as it is to be written/ },
  )

  const table = { family: 'inet', table: 'large' } as const
  const set = { ...table, set: 'ports', type: 'inet_proto . inet_service' } as const
  await host.run([
    { op: 'table.add', ...table },
    { op: 'set.add', ...set },
  ])
  // More than the kernel takes in one transaction.
  const elements = Array.from({ length: 300_000 }, (_, index) => ({
    key: `${index >> 16 ? 'udp' : 'tcp'} . ${index & 0xffff}`,
    comment: 'x'.repeat(120),
  }))
  const refused = await t.throwsAsync<PlanRefused>(host.run([{ op: 'element.add', ...set, elements }]), {
    instanceOf: PlanRefused,
  })
  t.like(refused?.refusal, { errnoName: 'EMSGSIZE', notUndone: [] })
  t.deepEqual(await host.ask('elements', set), [])
  await Promise.all([executor.close(), host.close()])
})
