import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import test from 'ava'
import { Host } from '#lib/host.js'
import type { NativeFailure } from '#lib/native.js'
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
  const [addon, netns, plan] = process.argv.slice(1)
  const executor = new (require(addon).Executor)(netns)
  executor.run(plan, false, undefined, 0, false).then((outcome) => {
    console.log(JSON.stringify(outcome.failure))
    return executor.close()
  })`

/** Runs the plan in a process of its own, which does not hear one of the kernel's answers. */
function runDeaf(world: World, plan: Plan, answer: number): NativeFailure & { notUndone: { operation: number }[] } {
  const [addon = ''] = /\/.*slipway.*\.node$/m.exec(readFileSync('/proc/self/maps', 'utf8')) ?? []
  const deaf = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=recvfrom', '-e', `inject=recvfrom:error=ENOBUFS:when=${answer}`]
  const said = execFileSync('strace', [...deaf, process.execPath, '-e', PROGRAM, addon, world.host.path, wirePlan(plan)], { encoding: 'utf8', timeout: 20_000 })
  return JSON.parse(said) as NativeFailure & { notUndone: { operation: number }[] }
}

for (let answer = 1; answer <= ANSWERS; answer++) {
  test.serial(`whichever is lost, undo takes back what is the plan's, and nothing else: answer ${answer}`, async (t) => {
    const world = new World(t)
    const host = new Host(world.host.path)
    await host.run([{ op: 'table.add', family: 'inet', table: 'test' }, { op: 'set.add', ...set }, add('81', 'theirs')])
    await host.run([{ op: 'link.create', name: 'br0', kind: 'bridge' }, { op: 'address.add', link: 'br0', address: '10.8.0.1/24' }, { op: 'link.set', name: 'br0', up: true }])
    const failure = runDeaf(world, PLAN, answer)
    t.true(failure.errno > 0)
    t.regex(execIn(world.host, 'nft', 'list set inet test taken'), /81 comment "theirs"/)
    t.notRegex(execIn(world.host, 'nft', 'list set inet test taken'), /ours/)
    const links = ipJson<{ ifname: string }>(world.host, 'link').map(({ ifname }) => ifname)
    t.deepEqual(links.filter((name) => name.startsWith('br')), ['br0'])
    // What may have been there on a link of another process stays, and is reported.
    const doubted = failure.notUndone.map(({ operation }) => operation)
    t.deepEqual(doubted, answer === 4 ? [6, 5] : [])
    await host.close()
  })
}
