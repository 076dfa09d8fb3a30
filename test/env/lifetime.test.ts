import { readdirSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { Slipway } from '#lib/index.js'
import { elements, isAsBefore, settled } from '../helpers/snapshot.js'
import { onSegment } from '../helpers/segment.js'
import { momentsOf } from '../helpers/thorough.js'
import { eventually, World } from '../helpers/world.js'
import type { Options } from './child.js'
import { howItEnded, runChild, WELL } from './run-child.js'
import { links, onlyWholeSandboxes } from './whole.js'

/** Begins, ends and accidents of processes, threads and objects that use the library. */

// One after the other: they count descriptors and threads.
const { serial } = test

const optionsFor = (world: World, rest: Partial<Options> = {}): Options => ({
  open: { netns: world.host.path, stateDir: world.stateDir },
  prefix: world.prefix,
  ...rest,
})

/** Opens anew, sees that all is whole, takes it away, and sees that nothing remains. */
async function adoptsAndRemoves(t: ExecutionContext, world: World): Promise<string[]> {
  const slipway = await world.open()
  await onlyWholeSandboxes(t, world, slipway)
  const sandboxes = await slipway.sandboxes.list()
  await Promise.all(sandboxes.map((sandbox) => sandbox.remove()))
  await onlyWholeSandboxes(t, world, slipway)
  return sandboxes.map(({ name }) => name)
}

serial('twenty worker threads side by side', async (t) => {
  const world = new World(t)
  const ended = await runChild('workers', optionsFor(world, { count: 20, port: 8000 }))
  t.like(howItEnded(ended), WELL)
  const [{ codes, threads }] = ended.said as [{ codes: number[]; threads: number }]
  t.deepEqual(codes, Array<number>(20).fill(0))
  t.true(threads < 20, `${threads} threads are left`)
  t.deepEqual(await adoptsAndRemoves(t, world), [])
})

serial('worker.terminate() with 200 creates in flight', async (t) => {
  const { first, step } = momentsOf(6)
  for (const wait of [0, 5, 10, 20, 40, 80].filter((_, index) => index % step === first % step)) {
    const world = new World(t)
    const ended = await runChild('terminate', optionsFor(world, { count: 200, port: 8000, wait }))
    t.like(howItEnded(ended), WELL)
    t.true(ended.said.includes('terminated'))
    const names = await adoptsAndRemoves(t, world)
    t.log(`after ${wait} ms: ${names.length} of 200 were made`)
    t.true(names.length < 200)
  }
})

serial('process.exit() with 200 creates in flight', async (t) => {
  const world = new World(t)
  t.like(howItEnded(await runChild('exit', optionsFor(world, { count: 200, port: 8000 }))), WELL)
  const names = await adoptsAndRemoves(t, world)
  t.log(`${names.length} of 200 were made`)
  t.true(names.length >= 1 && names.length < 200)
})

serial('a process with nothing left to do ends, though a Slipway is open', async (t) => {
  const world = new World(t)
  t.like(howItEnded(await runChild('idle', optionsFor(world, { count: 3 }))), WELL)
  t.is((await adoptsAndRemoves(t, world)).length, 3)
})

serial('a process ends only when what is in flight is done', async (t) => {
  const world = new World(t)
  t.like(howItEnded(await runChild('inFlight', optionsFor(world, { count: 100, port: 8000 }))), WELL)
  t.is((await adoptsAndRemoves(t, world)).length, 100)
})

serial('a Slipway that nobody holds any more is collected, with thread and descriptors', async (t) => {
  const world = new World(t)
  const ended = await runChild('lose', optionsFor(world, { port: 8000 }), { node: ['--expose-gc'] })
  t.like(howItEnded(ended), WELL)
  const [before, during, after] = ended.said.slice(1) as { threads: number; descriptors: Record<string, number> }[]
  t.log(`${before?.threads} threads, ${during?.threads} with twenty Slipways, ${after?.threads} after`)
  t.true((during?.threads ?? 0) > (before?.threads ?? 0))
  t.deepEqual(after, before)
})

serial('close is one closing, however often it is called; then every call is refused', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const sandbox = await world.create(slipway, 'a')
  await Promise.all([slipway.close(), slipway.close({ wait: true }), slipway[Symbol.asyncDispose]()])
  await slipway.close()
  const closed = { code: 'CLOSED', message: /closed.*Slipway\.open/ }
  await t.throwsAsync(slipway.sandboxes.create(), closed)
  await t.throwsAsync(slipway.sandboxes.list(), closed)
  await t.throwsAsync(slipway.sandboxes.get(sandbox.name), closed)
  await t.throwsAsync(slipway.sandboxes.explain(), closed)
  await t.throwsAsync(sandbox.publish('80'), closed)
  await t.throwsAsync(sandbox.unpublish('80'), closed)
  await t.throwsAsync(sandbox.remove(), closed)
  t.deepEqual(await adoptsAndRemoves(t, world), [sandbox.name])
})

serial('close during work: what has begun ends well, what comes later is refused', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const begun = Array.from({ length: 50 }, (_, index) => world.create(slipway, `${index}`, { publish: ['80'] }))
  const closing = slipway.close()
  await t.throwsAsync(world.create(slipway, 'late'), { code: 'CLOSED' })
  t.is((await Promise.all(begun)).length, 50)
  await closing
  t.is((await adoptsAndRemoves(t, world)).length, 50)
})

serial('two hosts in one process do not mix', async (t) => {
  const worlds = [new World(t), new World(t)]
  const slipways = await Promise.all(worlds.map((world) => world.open()))
  const [one, two] = await Promise.all(
    worlds.map((world, index) => world.create(slipways[index] as Slipway, 'a', { publish: ['8080:80'] })),
  )
  t.deepEqual(one?.endpoints[0]?.addresses, two?.endpoints[0]?.addresses)
  for (const world of worlds) t.deepEqual(await adoptsAndRemoves(t, world), [world.name('a')])
})

serial('two Slipways on one host in one process know of each other', async (t) => {
  const world = new World(t)
  const [one, two] = [await world.open(), await world.open()]
  const first = await world.create(one, 'a', { publish: ['8080:80'] })
  await t.throwsAsync(world.create(two, 'b', { publish: ['8080:80'] }), {
    code: 'PORT_IN_USE',
    message: new RegExp(first.name),
  })
  const second = await world.create(two, 'b')
  t.notDeepEqual(second.endpoints[0]?.addresses, first.endpoints[0]?.addresses)
  await (await two.sandboxes.get(first.name)).remove()
  await t.throwsAsync(first.publish('8081:80'), { code: 'NOT_FOUND' })
  await onlyWholeSandboxes(t, world, one)
})

serial('two hundred sandboxes come and go, and no descriptor with them', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await (await world.create(slipway, 'first', { publish: ['8080:80', '8080:80/udp'] })).remove()
  t.true(await eventually(() => links(world).length === 0 && elements(world.host, 'addresses4').length === 0, 10_000))
  const before = await settled(world)
  const threads = readdirSync('/proc/self/task').length
  for (let index = 0; index < 200; index++) {
    const sandbox = await world.create(slipway, `${index}`, { publish: ['8080:80', '8080:80/udp'] })
    await sandbox.remove()
  }
  t.true(
    await eventually(
      () => readdirSync('/proc/self/task').length <= threads && elements(world.host, 'addresses4').length === 0,
      10_000,
    ),
  )
  await isAsBefore(t, world, before)
})

for (const [scenario, rest, how] of [
  ['idle', { count: 1 }, {}],
  ['workers', { count: 4 }, {}],
  ['terminate', { count: 20, wait: 5 }, {}],
  ['lose', {}, { node: ['--expose-gc'] }],
] as const) {
  serial(`the same of a process that listens for the parent of a network: ${scenario}`, async (t) => {
    const world = new World(t)
    const slipway = await world.open()
    await onSegment(slipway, { ipv6: false, subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' }] })
    await slipway.close()
    const ended = await runChild(scenario, optionsFor(world, { port: 8000, ...rest }), {
      ...how,
      node: [...('node' in how ? how.node : [])],
    })
    t.like(howItEnded(ended), WELL)
    if (scenario !== 'lose') return
    const [before, during, after] = ended.said.slice(1)
    t.notDeepEqual(during, before)
    t.deepEqual(after, before)
  })
}
