import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { readFiles } from '../helpers/snapshot.js'
import { momentsOf, THOROUGH } from '../helpers/thorough.js'
import { eventually, World } from '../helpers/world.js'
import type { Options } from './child.js'
import { howItEnded, runChild, startChild, WELL } from './run-child.js'
import { injected } from '../helpers/injected.js'
import { links, onlyWholeSandboxes } from './whole.js'

/** Sandboxes made ahead of need go with the process that made them, however it ends. */

const { serial } = test

const SIZE = 12

const optionsFor = (world: World, rest: Partial<Options> = {}): Options => ({
  open: { netns: world.host.path, stateDir: world.stateDir, pool: { size: SIZE } },
  prefix: world.prefix,
  ...rest,
})

const marks = (world: World) => Object.keys(readFiles(world.stateDir)).filter((path) => path.includes('/pool/'))

/** Opens anew, sees that all is whole, takes it away, and sees that nothing remains. */
async function recovers(t: ExecutionContext, world: World): Promise<number> {
  const slipway = await world.open()
  await onlyWholeSandboxes(t, world, slipway)
  const sandboxes = await slipway.sandboxes.list()
  await Promise.all(sandboxes.map((sandbox) => sandbox.remove()))
  await onlyWholeSandboxes(t, world, slipway)
  t.deepEqual(marks(world), [])
  await slipway.close()
  return sandboxes.length
}

serial('a process with a full pool and nothing left to do ends', async (t) => {
  const world = new World(t)
  t.like(howItEnded(await runChild('idle', optionsFor(world, { count: 3, port: 8000 }))), WELL)
  t.is(await recovers(t, world), 3)
})

serial('who waits for a full pool is not left by the event loop', async (t) => {
  const world = new World(t)
  const ended = await runChild('filled', optionsFor(world))
  t.like(howItEnded(ended), WELL)
  t.deepEqual(ended.said, [SIZE, 'closed'])
  t.is(links(world).length, 0)
  t.deepEqual(marks(world), [])
})

serial('killed with a full pool', async (t) => {
  const world = new World(t)
  const child = startChild('hold', optionsFor(world, { create: [{ name: world.name('a'), publish: ['8080:80'] }] }))
  await child.saysMore()
  t.true(await eventually(() => links(world).length === SIZE + 1))
  child.process.kill('SIGKILL')
  await child.ended
  const slipway = await world.open()
  t.deepEqual(slipway.reconciled.adopted, [world.name('a')])
  t.deepEqual(slipway.reconciled.healed, [])
  t.is(slipway.reconciled.collected.length, 1)
  t.regex(slipway.reconciled.collected[0] ?? '', /^pool of process \d+: it has died/)
  await slipway.close()
  t.is(await recovers(t, world), 1)
})

serial('killed at a random moment of a burst', async (t) => {
  for (let round = 0; round < (THOROUGH ? 10 : 4); round++) {
    const world = new World(t)
    const child = startChild('churn', optionsFor(world, { count: 20, port: 8000 }))
    await child.saysMore()
    const delay = Math.round(20 + Math.random() * 400)
    await sleep(delay)
    child.process.kill('SIGKILL')
    t.is((await child.ended).signal, 'SIGKILL')
    t.log(`after ${delay} ms: ${await recovers(t, world)} sandboxes`)
  }
})

for (const [call, { first, step }] of [
  ['move_mount', momentsOf(4)],
  ['mkdir', momentsOf(6)],
  ['mount', momentsOf(1)],
] as const) {
  serial(`killed before each ${call} of a life`, async (t) => {
    for (let time = first; time <= 40; time += step) {
      const world = new World(t)
      const under = injected(call, `signal=SIGKILL:when=${time}`)
      const ended = await runChild('pooledLife', optionsFor(world, { port: 8000 }), { under })
      await recovers(t, world)
      if (ended.said.includes('done')) return void t.true(call === 'mount' || time > 1)
    }
    t.fail('it never came to its end')
  })
}

serial('worker threads, each with a pool', async (t) => {
  const world = new World(t)
  const ended = await runChild('workers', optionsFor(world, { count: 6, port: 8000 }))
  t.like(howItEnded(ended), WELL)
  t.is(await recovers(t, world), 0)
})

serial('worker.terminate() and process.exit() while pools are filled and used', async (t) => {
  for (const wait of [0, 10, 40]) {
    const world = new World(t)
    t.like(howItEnded(await runChild('terminate', optionsFor(world, { count: 50, port: 8000, wait }))), WELL)
    await recovers(t, world)
  }
  const world = new World(t)
  t.like(howItEnded(await runChild('exit', optionsFor(world, { count: 50, port: 8000 }))), WELL)
  await recovers(t, world)
})

serial('a Slipway that nobody holds any more is collected, with its pool', async (t) => {
  const world = new World(t)
  const ended = await runChild('lose', optionsFor(world, { port: 8000 }), { node: ['--expose-gc'] })
  t.like(howItEnded(ended), WELL)
  const [before, , after] = ended.said.slice(1)
  t.deepEqual(after, before)
})

serial('two processes with pools on one host', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ pool: { size: SIZE } })
  await slipway.pool.ready()
  const create = Array.from({ length: 40 }, (_, index) => ({
    name: world.name(`${index}`),
    publish: [`${8000 + index}:80`],
  }))
  const child = startChild('hold', optionsFor(world, { create }))
  const own = []
  for (let index = 0; index < 40; index++)
    own.push(await world.create(slipway, `own-${index}`, { publish: [`${9000 + index}:80`] }))
  await child.saysMore()
  const all = await slipway.sandboxes.list()
  t.is(all.length, 80)
  t.is(new Set(all.flatMap(({ endpoints }) => endpoints[0]?.addresses)).size, 80)
  // Who opens the host leaves the spares of both alone.
  await slipway.pool.ready()
  t.true(await eventually(() => links(world).length === 80 + 2 * SIZE))
  const third = await world.open()
  t.deepEqual(third.reconciled.collected, [])
  await third.close()
  t.is(links(world).length, 80 + 2 * SIZE)
  child.process.kill('SIGKILL')
  await child.ended
  const fourth = await world.open()
  t.is(fourth.reconciled.adopted.length, 80)
  await Promise.all((await fourth.sandboxes.list()).map((sandbox) => sandbox.remove()))
  await fourth.close()
  await slipway.pool.ready()
  await eventually(() => links(world).length === SIZE)
  t.is(links(world).length, SIZE)
  t.is(marks(world).length, 1)
})
