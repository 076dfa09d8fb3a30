import { once } from 'node:events'
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { Host } from '#lib/kernel/host.js'
import { PlanRefused } from '#lib/kernel/refusal.js'
import { enter } from '#lib/kernel/native.js'
import type { Operation, Plan } from '#lib/plan/operation.js'
import { listenIn } from '../helpers/listen.js'
import { lockFile } from '../helpers/locked-file.js'
import { isAsBefore, settled } from '../helpers/snapshot.js'
import { execIn, World, type Place } from '../helpers/world.js'

/** Short plans, which JavaScript's thread does itself. */

function open(t: ExecutionContext, world: World): Host {
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  return host
}

const port = (number: number) => ({ protocol: 'tcp', address: '0.0.0.0', port: number }) as const
const hold = (number: number): Operation => ({ op: 'port.hold', ...port(number) })
const set = { family: 'inet', table: 'test', set: 'taken', type: 'inet_service' } as const
const add = (from: number, count: number): Operation => ({
  op: 'element.add',
  ...set,
  elements: Array.from({ length: count }, (_, n) => ({ key: `${from + n}` })),
})
const makeSet: Plan = [
  { op: 'table.add', family: 'inet', table: 'test' },
  { op: 'set.add', ...set },
]
const elements = (world: World): number =>
  execIn(world.host, 'nft', '-j', 'list set inet test taken')
    .match(/"elem": \[([^\]]*)/)?.[1]
    ?.split(',').length ?? 0
const here = (): string => readlinkSync('/proc/thread-self/ns/net')

test.serial('a short plan is done when the call returns, whatever is in the queue; a long one is not', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  await host.run(makeSet)
  const order: string[] = []
  const { waitFor, unlock } = await lockFile(t, world)
  const slow = host
    .run([{ op: 'netns.create', path: `${world.host.path}-slow` }, waitFor, hold(79)])
    .then(() => order.push('slow'))
  t.is(host.held, 0)
  const short = host.run([hold(80), add(80, 1)]).then(() => order.push('short'))
  t.true(host.holds(port(80)))
  t.is(elements(world), 1)
  await short
  unlock()
  await slow
  t.deepEqual(order, ['short', 'slow'])
  await host.run([{ op: 'netns.delete', path: `${world.host.path}-slow` }])
})

test.serial(
  'a short plan waits in the queue behind a long transaction, which would have the event loop wait',
  async (t) => {
    const world = new World(t)
    const host = open(t, world)
    await host.run(makeSet)
    const order: string[] = []
    const long = host.run([add(1000, 20000)]).then(() => order.push('long'))
    const short = host.run([hold(80), add(80, 1)]).then(() => order.push('short'))
    t.is(host.held, 0)
    await Promise.all([long, short])
    t.deepEqual(order, ['long', 'short'])
    void host.run([hold(81)])
    t.is(host.held, 2)
  },
)

test.serial('wherever it is refused, it is undone', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  await host.run([...makeSet, add(1, 2), hold(79)])
  const file = (name: string) => join(world.stateDir, name)
  writeFileSync(file('a'), 'before')
  writeFileSync(file('b'), 'b')
  const before = await settled(world)
  const plan: Plan = [
    { op: 'file.replace', path: file('a'), content: 'after', expected: 'before' },
    { op: 'file.create', path: file('c'), content: 'c' },
    { op: 'port.release', ...port(79) },
    hold(79),
    { op: 'port.release', ...port(79) },
    hold(80),
    add(80, 2),
    { op: 'element.delete', ...set, elements: [{ key: '1' }] },
    { op: 'file.delete', path: file('b') },
    { op: 'file.check', path: file('c'), expected: 'c' },
  ]
  for (const index of plan.keys()) {
    host.refuseNext = index
    const error = await t.throwsAsync(host.run(plan), { instanceOf: PlanRefused })
    t.deepEqual(error.refusal.notUndone, [], `operation ${index}`)
    await isAsBefore(t, world, before, `operation ${index}`)
    t.true(host.holds(port(79)))
  }
  void host.run(plan)
  t.is(readFileSync(file('a'), 'utf8'), 'after')
  t.is(elements(world), 3)
  t.true(host.holds(port(80)) && !host.holds(port(79)))
})

test.serial("ports are the host's, wherever this thread is at the moment, and there it stays", async (t) => {
  const world = new World(t)
  const home = here()
  // The host of another namespace, and the one that this thread is in.
  const own = { name: 'of this process', path: `/proc/${process.pid}/ns/net` }
  for (const place of [world.host, own]) {
    const host = new Host(place === own ? undefined : place.path)
    const [first, second] = [20_001, 20_002]
    const listening = (where: Place) => listenIn(where, ['tcp', '0.0.0.0', first], ['tcp', '0.0.0.0', second])
    void host.run([hold(first)])
    t.is(here(), home)
    enter(world.neighbour.path, () => {
      const inside = here()
      t.not(inside, home)
      void host.run([hold(second)])
      t.is(here(), inside)
    })
    t.is(here(), home)
    t.is(host.held, 2)
    t.deepEqual(await listening(world.neighbour), ['listens', 'listens'])
    t.deepEqual(await listening(place), ['EADDRINUSE', 'EADDRINUSE'])
    await host.close()
  }
})

const begun = (world: World, name: string): Plan => [
  hold(80),
  { op: 'file.create', path: join(world.stateDir, 'c'), content: 'c' },
  add(80, 2),
  { op: 'netns.create', path: `${world.host.path}-${name}` },
  { op: 'link.set', netns: `${world.host.path}-${name}`, name: 'lo', up: true },
]

test.serial(
  'while the thread makes the namespace that was prepared, this one begins the plan; it is one plan',
  async (t) => {
    const world = new World(t)
    const host = open(t, world)
    await host.run([...makeSet, add(1, 2)])
    const before = await settled(world)
    const plan = begun(world, 'begun')
    for (const [index, operation] of plan.entries()) {
      host.prepare()
      host.refuseNext = index
      const running = host.run(plan)
      if (index < 3) t.is(host.held, 0, 'what is refused at once is undone at once')
      const error = await t.throwsAsync(running, { instanceOf: PlanRefused })
      t.is(error.operation, operation)
      t.deepEqual(error.refusal.notUndone, [])
      await host.discard()
      await isAsBefore(t, world, before, `operation ${index}`)
    }
    const { waitFor, unlock } = await lockFile(t, world)
    host.prepare()
    const running = host.run([...plan, waitFor])
    t.true(host.holds(port(80)))
    t.is(elements(world), 4)
    t.is(readFileSync(join(world.stateDir, 'c'), 'utf8'), 'c')
    // Behind others it waits for its turn.
    const others = host.run([add(1000, 20000)])
    const next = host.run([hold(81), { op: 'netns.delete', path: `${world.host.path}-begun` }])
    t.false(host.holds(port(81)))
    unlock()
    await Promise.all([running, others, next])
    t.is(host.held, 2)
  },
)

test.serial('a worker that ends with a plan begun leaves it done', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  await host.run(makeSet)
  const plan = begun(world, 'left')
  const worker = new Worker(
    `const { workerData } = require('node:worker_threads')
    import(workerData.module).then(({ Host }) => {
      const host = new Host(workerData.netns)
      host.prepare()
      void host.run(workerData.plan)
      process.exit()
    })`,
    { eval: true, workerData: { module: import.meta.resolve('#lib/kernel/host.js'), netns: world.host.path, plan } },
  )
  await once(worker, 'exit')
  t.is(elements(world), 2)
  t.is(readFileSync(join(world.stateDir, 'c'), 'utf8'), 'c')
  const links = JSON.parse(execIn({ name: 'left', path: `${world.host.path}-left` }, 'ip', '-j', 'link')) as {
    ifname: string
    flags: string[]
  }[]
  t.true(links.find(({ ifname }) => ifname === 'lo')?.flags.includes('UP'))
  await host.run([{ op: 'netns.delete', path: `${world.host.path}-left` }])
})

test.serial('a file that another process has locked: the event loop does not wait, the plan does', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  const { waitFor, unlock } = await lockFile(t, world)
  const { path } = waitFor
  let done = false
  const run = host.run([hold(80), waitFor]).then(() => (done = true))
  t.false(done)
  t.is(readFileSync(path, 'utf8'), 'before')
  unlock()
  await run
  t.is(readFileSync(path, 'utf8'), 'after')
  t.is(host.held, 1)
})

test.serial('after close() nothing runs', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  const closed = host.close()
  await t.throwsAsync(host.run([hold(80)]), { message: /closed/ })
  await closed
  await t.throwsAsync(host.run([hold(80)]), { message: /closed/ })
  t.is(host.held, 0)
})

test.serial(
  'a file that another process keeps locked holds up no other plan, and is given up after some seconds',
  async (t) => {
    const world = new World(t)
    const host = open(t, world)
    const { waitFor } = await lockFile(t, world)
    const order: string[] = []
    const locked = t.throwsAsync<PlanRefused>(host.run([{ op: 'link.create', name: 'br1', kind: 'bridge' }, waitFor]), {
      instanceOf: PlanRefused,
    })
    void locked.then(() => order.push('locked'))
    await host.run([{ op: 'link.create', name: 'br2', kind: 'bridge' }])
    await host.find('link', { name: 'br2' })
    order.push('unrelated')
    t.like(await locked, { errnoName: 'ETIMEDOUT', refusal: { syscall: 'flock' } })
    t.deepEqual(order, ['unrelated', 'locked'])
    t.is(await host.find('link', { name: 'br1' }), undefined)
  },
)

test.serial('close() ends after a plan that waits for a file, which goes on by what it has made', async (t) => {
  const world = new World(t)
  const host = new Host(world.host.path)
  const { waitFor, unlock } = await lockFile(t, world)
  const waiting = host.run([
    { op: 'link.create', name: 'br1', kind: 'bridge' },
    waitFor,
    { op: 'link.set', name: 'br1', alias: 'ours' },
  ])
  const closed = host.close().then(() => 'closed')
  t.is(await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 50, 'open'))]), 'open')
  unlock()
  await waiting
  t.is(await closed, 'closed')
  t.regex(execIn(world.host, 'ip', 'link', 'show', 'br1'), /alias ours/)
})

test.serial('undo makes no file that was not there when the plan deleted it', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  const path = join(world.stateDir, 'ghost.json')
  const error = await t.throwsAsync(
    host.run([
      { op: 'file.delete', path },
      { op: 'link.delete', name: 'nope' },
    ]),
    { instanceOf: PlanRefused },
  )
  t.is(error.errnoName, 'ENODEV')
  t.false(existsSync(path))
})
