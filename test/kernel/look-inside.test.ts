import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import { end, start } from '../helpers/command.js'
import { execIn, World } from '../helpers/world.js'

/** What open() finds inside sandboxes: what is theirs is looked at, told, and left as it is. */

const ALTERATIONS: Record<string, { do: string[]; undo: string[][]; says: RegExp }> = {
  'an address deleted': {
    do: ['address', 'del', '10.9.0.2/24', 'dev', 'eth0'],
    undo: [['address', 'add', '10.9.0.2/24', 'dev', 'eth0']],
    says: /^sandbox \S+: inside, 10\.9\.0\.2 is not an address of its own any more \(eth0\)$/,
  },
  'an IPv6 address deleted': {
    do: ['address', 'del', 'fd00:9::2/64', 'dev', 'eth0'],
    undo: [['address', 'add', 'fd00:9::2/64', 'dev', 'eth0', 'nodad']],
    says: /^sandbox \S+: inside, fd00:9::2 is not an address of its own any more \(eth0\)$/,
  },
  'an interface down': {
    do: ['link', 'set', 'eth0', 'down'],
    undo: [
      ['link', 'set', 'eth0', 'up'],
      ['address', 'replace', 'fd00:9::2/64', 'dev', 'eth0', 'nodad'],
    ],
    says: /^sandbox \S+: inside, eth0 is down$/,
  },
  'an interface renamed': {
    do: ['link', 'set', 'eth0', 'name', 'mine'],
    undo: [['link', 'set', 'mine', 'name', 'eth0']],
    says: /^sandbox \S+: inside, there is no eth0$/,
  },
}

test('a sandbox that has not inside what it was given is told of, stays as it is, and is not adopted', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.9.0.0/24' }, { subnet: 'fd00:9::/64' }] })
  const [one, other] = [world.name('one'), world.name('other')]
  const app = await slipway.sandboxes.create({ name: one, network: 'web' })
  await slipway.sandboxes.create({ name: other, network: 'web' })
  await slipway.close()
  t.deepEqual((await world.open()).reconciled, { adopted: [one, other], healed: [], collected: [] })
  const doctor = async () => {
    const { stdout } = await end(start(world, ['doctor', '--json']))
    return (JSON.parse(stdout) as { finding: string }[]).map(({ finding }) => finding)
  }
  for (const [what, { do: alter, undo, says }] of Object.entries(ALTERATIONS)) {
    execIn(app, 'ip', ...alter)
    const { adopted, altered = [], ...others } = (await world.open()).reconciled
    t.deepEqual([adopted, others], [[other], { healed: [], collected: [] }], what)
    t.is(altered.length, 1, what)
    t.regex(altered[0] ?? '', says, what)
    t.deepEqual((await world.open()).reconciled.altered, altered, `${what}: it stays so`)
    t.true((await doctor()).includes(altered[0] ?? ''), what)
    for (const one of undo) execIn(app, 'ip', ...one)
    t.deepEqual((await world.open()).reconciled, { adopted: [one, other], healed: [], collected: [] }, what)
  }
})

test('what a sandbox has made inside in numbers costs open() nothing', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await slipway.sandboxes.create({ name: world.name('app') })
  await slipway.close()
  const answers = async () => {
    const log = join(mkdtempSync(join(tmpdir(), 'slipway-')), 'strace')
    t.teardown(() => rmSync(dirname(log), { recursive: true }))
    await end(start(world, ['doctor'], ['strace', '-f', '-o', log, '-e', 'trace=recvfrom,recvmsg']))
    return readFileSync(log, 'utf8').match(/recv.* = [1-9]\d*$/gm)?.length ?? 0
  }
  const before = await answers()
  t.true(before > 0)
  const lines = Array.from({ length: 4000 }, (_, i) => `address add 10.200.${i >> 8}.${i & 255}/32 dev lo`)
  execFileSync('nsenter', [`--net=${app.path}`, 'ip', '-batch', '-'], { input: lines.join('\n') })
  t.is(await answers(), before)
})
