import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import test from 'ava'
import { Host } from '#lib/kernel/host.js'
import type { NativeFailure } from '#lib/kernel/native.js'
import type { Operation, Plan } from '#lib/plan/operation.js'
import { wirePlan } from '#lib/plan/wire.js'
import { execIn, ipJson, World } from '../helpers/world.js'

/** An answer of the kernel that is lost says neither that an operation was done nor that it was refused. */

const set = { family: 'inet', table: 'test', set: 'taken', type: 'inet_service' } as const
const add = (key: string, comment: string): Operation => ({ op: 'element.add', ...set, elements: [{ key, comment }] })

/** Refused at its end: it claims what is claimed. */
const PLAN: Plan = [
  add('80', 'ours'),
  { op: 'link.create', name: 'br1', kind: 'bridge', address: '02:42:00:00:00:01' },
  { op: 'link.set', name: 'br1', alias: 'ours', up: true },
  { op: 'address.add', link: 'br1', address: '10.9.0.1/24' },
  { op: 'route.add', destination: '10.9.1.0/24', link: 'br1' },
  { op: 'address.add', link: 'br0', address: '10.8.0.2/24' },
  { op: 'route.add', destination: '10.8.1.0/24', link: 'br0' },
  add('81', 'ours'),
]
const ANSWERS = 5

const PROGRAM = `
  const [addon, netns] = process.argv.slice(1)
  const plans = JSON.parse(require('fs').readFileSync(0, 'utf8'))
  const executor = new (require(addon).Executor)(netns)
  void (async () => {
    for (const plan of plans) console.log(JSON.stringify((await executor.run(plan, false, undefined, 0, false))?.failure ?? {}))
    await executor.close()
  })()`

type Failed = Partial<NativeFailure> & { notUndone?: { operation: number }[] }

/** Runs the plans in a process of its own, by a command that is put before it. */
function runBy(command: string[], netns: string, plans: Plan[]): Failed[] {
  const [addon = ''] = /\/.*slipway.*\.node$/m.exec(readFileSync('/proc/self/maps', 'utf8')) ?? []
  const [program = '', ...args] = [...command, process.execPath, '-e', PROGRAM, addon, netns]
  const said = execFileSync(program, args, {
    input: JSON.stringify(plans.map(wirePlan)),
    encoding: 'utf8',
    timeout: 20_000,
  })
  return said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Failed)
}

/** It does not hear one of the kernel's answers. */
function runDeaf(world: World, plans: Plan[], answer: number, error = 'ENOBUFS'): Failed[] {
  return runBy(
    [
      'strace',
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=recvfrom',
      '-e',
      `inject=recvfrom:error=${error}:when=${answer}`,
    ],
    world.host.path,
    plans,
  )
}

for (let answer = 1; answer <= ANSWERS; answer++) {
  test.serial(
    `whichever is lost, undo takes back what is the plan's, and nothing else: answer ${answer}`,
    async (t) => {
      const world = new World(t)
      const host = new Host(world.host.path)
      await host.run([
        { op: 'table.add', family: 'inet', table: 'test' },
        { op: 'set.add', ...set },
        add('81', 'theirs'),
      ])
      await host.run([
        { op: 'link.create', name: 'br0', kind: 'bridge' },
        { op: 'address.add', link: 'br0', address: '10.8.0.1/24' },
        { op: 'link.set', name: 'br0', up: true },
      ])
      const [failure = {}] = runDeaf(world, [PLAN], answer)
      t.true((failure.errno ?? 0) > 0)
      t.regex(execIn(world.host, 'nft', 'list set inet test taken'), /81 comment "theirs"/)
      t.notRegex(execIn(world.host, 'nft', 'list set inet test taken'), /ours/)
      const links = ipJson<{ ifname: string }>(world.host, 'link').map(({ ifname }) => ifname)
      t.deepEqual(
        links.filter((name) => name.startsWith('br')),
        ['br0'],
      )
      // What may have been there on a link of another process stays, and is reported.
      const doubted = failure.notUndone?.map(({ operation }) => operation)
      t.deepEqual(doubted, answer === 4 ? [6, 5] : [])
      await host.close()
    },
  )
}

test.serial("whichever is lost, undo takes back a link that was born in a sandbox's namespace", (t) => {
  const world = new World(t)
  const create: Operation = {
    op: 'link.create',
    netns: world.neighbour.path,
    name: 'macvlan0',
    kind: 'macvlan',
    link: 'uplink',
  }
  const [failure = {}] = runDeaf(world, [[create]], 1)
  t.true((failure.errno ?? 0) > 0)
  t.deepEqual(failure.notUndone, [])
  t.deepEqual(
    ipJson<{ ifname: string }>(world.neighbour, 'link').map(({ ifname }) => ifname),
    ['lo', 'eth0'],
  )
})

/** Refused, and then undone by several messages. */
const UNDONE = PLAN.filter(({ op }) => op !== 'element.add')
const LAST: Plan = [...UNDONE, { op: 'link.set', name: 'nowhere', up: true }]

test.serial('whichever is lost, also while undoing, the next plan hears the answers to its own messages', async (t) => {
  const { EEXIST, ENOBUFS } = constants.errno
  for (let answer = 1, within = true; within; answer += 2) {
    const world = new World(t)
    const host = new Host(world.host.path)
    await host.run([
      { op: 'link.create', name: 'br0', kind: 'bridge' },
      { op: 'address.add', link: 'br0', address: '10.8.0.1/24' },
      { op: 'link.set', name: 'br0', up: true },
    ])
    const taken: Plan = [{ op: 'address.add', link: 'br0', address: '10.8.0.1/24' }]
    const free: Plan = [{ op: 'address.add', link: 'br0', address: '10.8.0.3/24' }]
    const [first, second, third] = runDeaf(world, [LAST, taken, free], answer)
    t.true((first?.errno ?? 0) > 0)
    within = second?.errno !== ENOBUFS
    if (within) t.is(second?.errno, EEXIST)
    if (within) t.deepEqual(third, {})
    else t.true(answer > 6)
    await host.close()
  }
})

test.serial('an answer that does not come is waited for no longer than a second, and is an error that says so', (t) => {
  const world = new World(t)
  const begun = performance.now()
  // The message does not reach the kernel.
  const [failure] = runBy(
    ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=sendto', '-e', 'inject=sendto:retval=64:when=1'],
    world.host.path,
    [[{ op: 'link.create', name: 'br0', kind: 'bridge' }]],
  )
  t.like(failure, { errno: constants.errno.ETIMEDOUT, syscall: 'recvmsg' })
  t.true(performance.now() - begun < 10_000)
})

test.serial(
  'a receive buffer that is small, as that of a process without privileges, holds the answers to many messages',
  (t) => {
    // More than the largest that the kernel's default (net.core.rmem_max) allows.
    const plan = Array.from({ length: 16_000 }, (_, i): Operation => ({
      op: 'address.delete',
      link: 'lo',
      address: `10.7.${i >> 8}.${i & 255}/32`,
      optional: true,
    }))
    t.deepEqual(runBy(['unshare', '--user', '--map-root-user', '--net'], '/proc/self/ns/net', [plan]), [{}])
  },
)

test.serial('a transaction with more refusals than have room is refused, and takes nothing away', (t) => {
  const elements = (comment: string) => Array.from({ length: 14_000 }, (_, i) => ({ key: `${i + 1}`, comment }))
  const made: Plan = [
    { op: 'table.add', family: 'inet', table: 'test' },
    { op: 'set.add', ...set },
    { op: 'element.add', ...set, elements: elements('theirs') },
  ]
  const again: Plan = [{ op: 'element.add', ...set, elements: elements('ours') }]
  const outcomes = runBy(['unshare', '--user', '--map-root-user', '--net'], '/proc/self/ns/net', [
    made,
    again,
    [add('20000', 'ours')],
    [add('14000', 'ours')],
  ])
  t.deepEqual(
    outcomes.map(({ errno, notUndone }) => [errno, notUndone ?? []]),
    [
      [undefined, []],
      [constants.errno.EEXIST, []],
      [undefined, []],
      [constants.errno.EEXIST, []],
    ],
  )
})
