import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { SlipwayError } from '#lib/index.js'
import { Host } from '#lib/kernel/host.js'
import { PlanRefused } from '#lib/kernel/refusal.js'
import type { Operation, Plan } from '#lib/plan/operation.js'
import { kernelState } from '../helpers/snapshot.js'
import { eventually, execIn, listenTo, World } from '../helpers/world.js'

/** Plans that come in a crowd: one transaction for all of them, and each with an outcome of its own. */

const set = { family: 'inet', table: 'test', set: 'taken', type: 'inet_service' } as const
const makeSet: Plan = [
  { op: 'table.add', family: 'inet', table: 'test' },
  { op: 'set.add', ...set },
]
const add = (...keys: number[]): Operation => ({
  op: 'element.add',
  ...set,
  elements: keys.map((key) => ({ key: String(key) })),
})
const hold = (port: number): Operation => ({ op: 'port.hold', protocol: 'tcp', address: '0.0.0.0', port })
const has = (world: World, port: number): boolean =>
  new RegExp(`\\b${port}\\b`).test(execIn(world.host, 'nft', 'list set inet test taken'))

async function setUp(t: ExecutionContext): Promise<{ world: World; host: Host; transactions: () => number }> {
  const world = new World(t)
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  await host.run(makeSet)
  // It tells of each transaction by its number.
  const told = listenTo(t, world.host, 'nft', 'monitor')
  const transactions = () => told().match(/# new generation/g)?.length ?? 0
  // From then on it hears all.
  for (let probe = 0; transactions() === 0 && probe < 300; probe++) {
    await host.run([add(60_000 + probe)])
    await eventually(() => transactions() > 0, 10)
  }
  const before = transactions()
  return { world, host, transactions: () => transactions() - before }
}

const crowded = (host: Host, ...plans: Plan[]) =>
  Promise.allSettled(plans.map((plan) => host.run(plan, { grouped: true })))

test.serial('all of them are one transaction; what is not for this thread follows by itself', async (t) => {
  const { world, host, transactions } = await setUp(t)
  const netns = `${world.host.path}-crowd`
  const file = join(world.stateDir, 'file')
  t.teardown(() => host.run([{ op: 'netns.delete', path: netns }]).catch(() => undefined))
  const outcomes = await crowded(
    host,
    [hold(80), add(80)],
    [{ op: 'file.create', path: file, content: 'x' }, add(81, 82), hold(81)],
    [add(83), { op: 'netns.create', path: netns }, { op: 'link.set', netns, name: 'lo', up: true }],
    [hold(84)],
  )
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
  t.true(await eventually(() => transactions() === 1))
  for (const port of [80, 81, 82, 83]) t.true(has(world, port), `${port}`)
  t.true(existsSync(file) && existsSync(netns))
  t.is(host.held, 3)
})

test.serial('who is refused is undone, and nobody else', async (t) => {
  const { world, host } = await setUp(t)
  await host.run([add(81)])
  const file = join(world.stateDir, 'file')
  const outcomes = await crowded(
    host,
    [hold(80), add(80)],
    [hold(81), { op: 'file.create', path: file, content: 'x' }, add(90, 81)],
    [hold(82), add(82)],
    [hold(82), add(91)],
  )
  const refusals = outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? 'done'
      : outcome.reason instanceof PlanRefused
        ? [outcome.reason.operation.op, outcome.reason.element, outcome.reason.errnoName]
        : outcome.reason,
  )
  t.deepEqual(refusals, ['done', ['element.add', 1, 'EEXIST'], 'done', ['port.hold', 0, 'EADDRINUSE']])
  t.deepEqual(
    [80, 82, 90, 91].map((port) => has(world, port)),
    [true, true, false, false],
  )
  t.is(host.held, 2)
  t.false(existsSync(file))
})

test.serial('sandboxes by the dozen, one of which meets a port of somebody else', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ pool: { size: 24 } })
  await world.create(slipway, 'first')
  await slipway.pool.ready()
  const { elements } = kernelState(world.host)
  // A map's element that no process of ours knows of.
  execIn(world.host, 'nft', 'add element inet slipway published4 { tcp . 9005 : 172.17.0.200 . 80 }')
  const publish = (index: number) => world.create(slipway, `app${index}`, { publish: [`${9000 + index}:80`] })
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, index) => publish(index)))
  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
  const [refused, ...more] = outcomes.flatMap((outcome): unknown[] =>
    outcome.status === 'rejected' ? [outcome.reason] : [],
  )
  t.is((refused as SlipwayError).code, 'PORT_IN_USE')
  t.deepEqual(more, [])
  t.is(new Set(made.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses))).size, 11)
  await Promise.all(made.map((sandbox) => sandbox.remove()))
  execIn(world.host, 'nft', 'delete element inet slipway published4 { tcp . 9005 }')
  await slipway.close({ wait: true })
  t.deepEqual(kernelState(world.host).elements, elements)
})
