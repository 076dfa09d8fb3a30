import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { MOST_HANDED_OVER } from '#lib/admission/turns.js'
import { enter } from '#lib/kernel/native.js'
import type { CreateOptions, PortMapping } from 'slipway'
import { World } from '../helpers/world.js'
import { howItEnded, runChild, startChild, WELL } from './run-child.js'
import { onlyWholeSandboxes } from './whole.js'

/** Two processes on one host know of each other by what the kernel has, and by nothing else. */

type Outcome = { code?: string; message?: string; address?: string; ports?: PortMapping[] }

interface Raced {
  outcomes: Outcome[]
  /** How many plans were refused, by what. */
  refused: Record<string, number>
}

/** Lets as many processes as there are lists create all of theirs at the same moment, or each one after the other. */
async function race(t: ExecutionContext, world: World, lists: CreateOptions[][], inTurn = false): Promise<Raced[]> {
  const children = lists.map((create) =>
    startChild('race', {
      open: { netns: world.host.path, stateDir: world.stateDir },
      prefix: world.prefix,
      create,
      ...(inTurn ? { wait: 0 } : {}),
    }),
  )
  await Promise.all(children.map((child) => child.saysMore()))
  writeFileSync(join(world.stateDir, 'go'), '')
  const ended = await Promise.all(children.map((child) => child.ended))
  for (const one of ended) t.like(howItEnded(one), WELL)
  return ended.map(({ said }) => ({ outcomes: said[1] as Outcome[], refused: said[2] as Record<string, number> }))
}

test('no address and no port is given twice', async (t) => {
  const world = new World(t)
  const lists = ['a', 'b'].map((who) =>
    Array.from({ length: 100 }, (_, index) => ({
      name: world.name(`${who}${index}`),
      publish: ['80', '127.0.0.1::53/udp'],
    })),
  )
  const outcomes = (await race(t, world, lists)).flatMap((raced) => raced.outcomes)
  t.deepEqual(
    outcomes.filter(({ code }) => code),
    [],
  )
  t.is(new Set(outcomes.map(({ address }) => address)).size, 200)
  const ports = outcomes.flatMap(({ ports }) => ports?.map(({ protocol, hostPort }) => `${hostPort}/${protocol}`))
  t.is(new Set(ports).size, 400)
  await onlyWholeSandboxes(t, world, await world.open())
})

// What has been handed over when the first is refused may be refused, too.
for (const [how, inTurn, most] of [
  ['at once', false, MOST_HANDED_OVER],
  ['one after the other', true, 5],
] as const) {
  test.serial(`who chooses in step with another is out of step soon: fifty sandboxes each, ${how}`, async (t) => {
    const world = new World(t)
    // Who makes the network is ahead of the other.
    await world.create(await world.open(), 'first')
    const raced = await race(
      t,
      world,
      ['a', 'b'].map((who) =>
        Array.from({ length: 50 }, (_, index) => ({ name: world.name(`${who}${index}`), publish: ['80'] })),
      ),
      inTurn,
    )
    const made = raced.flatMap(({ outcomes }) => outcomes)
    t.deepEqual(
      made.filter(({ code }) => code),
      [],
    )
    t.is(new Set(made.flatMap(({ ports }) => ports?.map(({ hostPort }) => hostPort))).size, 100)
    for (const { refused } of raced) {
      const { 'port.hold': held = 0, published4 = 0, addresses4 = 0 } = refused
      t.true(held + published4 + addresses4 <= most, JSON.stringify(raced.map((one) => one.refused)))
    }
  })
}

test('alone, a process takes what is free one after the other, past what programs of the host listen on', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const program = enter(world.host.path, () => createServer().listen(32769))
  t.teardown(() => program.close())
  await once(program, 'listening')
  const made = []
  for (const name of ['a', 'b', 'c']) made.push(await world.create(slipway, name, { publish: ['80'] }))
  t.deepEqual(
    made.map(({ ports }) => ports[0]?.hostPort),
    [32768, 32770, 32771],
  )
})

for (const [what, code, said, options] of [
  ['name', 'CONFLICT', /name.*in use/, (world, _, index) => ({ name: world.name(`${index}`) })],
  [
    'address',
    'ADDRESS_IN_USE',
    /in use by the sandbox/,
    (world, who, index) => ({ name: world.name(`${who}${index}`), ip: `172.17.1.${index}` }),
  ],
  [
    'host port',
    'PORT_IN_USE',
    /published already by the sandbox/,
    (world, who, index) => ({ name: world.name(`${who}${index}`), publish: [`${8000 + index}:80`] }),
  ],
] as [string, string, RegExp, (world: World, who: string, index: number) => CreateOptions][]) {
  test(`one ${what} wanted by two: one gets it, the other hears whose it is`, async (t) => {
    const world = new World(t)
    // In opposite directions, so that either wins some.
    const wanted = Array.from({ length: 40 }, (_, index) => index)
    const raced = await race(
      t,
      world,
      [wanted, wanted.toReversed()].map((list, who) => list.map((index) => options(world, 'ab'[who] ?? '', index))),
    )
    const [a = [], b = []] = raced.map(({ outcomes }) => outcomes)
    b.reverse()
    t.is(a.length, 40)
    a.forEach((one, index) => {
      const refused = [one, b[index]].filter((outcome) => outcome?.code)
      t.is(refused.length, 1, `number ${index}: ${JSON.stringify([one, b[index]])}`)
      t.is(refused[0]?.code, code)
      t.regex(refused[0]?.message ?? '', said)
      t.regex(refused[0]?.message ?? '', new RegExp(`${world.prefix}-[ab]?${index}\\b`))
    })
    await onlyWholeSandboxes(t, world, await world.open())
  })
}

test('what another process gives back can be had', async (t) => {
  const world = new World(t)
  const bip = '172.30.0.1/29'
  const slipway = await world.open({ bip })
  await (await world.create(slipway, 'first')).remove()
  const create = Array.from({ length: 5 }, (_, index) => ({
    name: world.name(`${index}`),
    publish: [`${8000 + index}:80`],
  }))
  t.like(
    howItEnded(
      await runChild('attempt', {
        open: { netns: world.host.path, stateDir: world.stateDir },
        prefix: world.prefix,
        create,
      }),
    ),
    WELL,
  )
  await t.throwsAsync(world.create(slipway, 'more'), {
    code: 'EXHAUSTED',
    message: /No address is left in 172\.30\.0\.0\/29/,
  })
  const other = await world.open()
  for (const sandbox of await other.sandboxes.list()) await sandbox.remove()
  t.is((await Promise.all(create.map((options) => slipway.sandboxes.create(options)))).length, 5)
})

test('who has tried many ports may still be wrong about an address', async (t) => {
  const world = new World(t)
  const [slipway, other] = [await world.open(), await world.open()]
  const first = await world.create(slipway, 'first', { publish: ['80'] })
  // With each port that is refused, the next address is tried.
  await world.create(other, 'other', { ip: '172.17.0.63' })
  const taken = first.ports[0]?.hostPort ?? 0
  const programs = enter(world.host.path, () =>
    Array.from({ length: 60 }, (_, index) => createServer().listen(taken + 1 + index)),
  )
  t.teardown(() => programs.forEach((program) => program.close()))
  await Promise.all(programs.map((program) => once(program, 'listening')))
  const second = await world.create(slipway, 'second', { publish: ['80'] })
  t.true((second.ports[0]?.hostPort ?? 0) > taken + 60)
  t.regex(second.endpoints.flatMap(({ addresses }) => addresses).join(), /^172\.17\.(?!0\.63\/)\d+\.\d+\/16$/)
})
