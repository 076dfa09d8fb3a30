import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { clock } from '#lib/base/timers.js'
import { Rounds } from '#lib/base/rounds.js'
import { FollowedFolder } from '#lib/store/followed-folder.js'
import type { RecordKind } from '#lib/store/kind.js'

interface Item {
  text: string
}

const ITEM: RecordKind<Item> = { version: 1, migrations: {}, shape: () => undefined }

function follow(t: ExecutionContext) {
  const folder = join(mkdtempSync(join(tmpdir(), 'slipway-unit-')), 'records')
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const known = new Map<string, string>()
  const puts: string[] = []
  const followed = new FollowedFolder<Item>(folder, ITEM, {
    put(name, { text }) {
      puts.push(name)
      known.set(name, text)
    },
    gone: (name) => known.delete(name),
  })
  const put = (name: string, text: string) => {
    const path = join(folder, `${name}.json`)
    writeFileSync(`${path}.next`, JSON.stringify({ version: 1, name, text }))
    renameSync(`${path}.next`, path)
  }
  return { folder, known, puts, followed, put, drop: (name: string) => unlinkSync(join(folder, `${name}.json`)) }
}

test('records that come, change and go are known after each refresh, however fast', async (t) => {
  const change = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), text: fc.option(fc.string({ maxLength: 2 })) })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 4 }), { minLength: 1, maxLength: 8 }), async (rounds) => {
      const { folder, followed, known, put, drop } = follow(t)
      mkdirSync(folder)
      const expected = new Map<string, string>()
      for (const changes of rounds) {
        for (const { name, text } of changes) {
          if (text !== null) put(name, text)
          else if (expected.has(name)) drop(name)
          if (text !== null) expected.set(name, text)
          else expected.delete(name)
        }
        await followed.refresh()
        if (JSON.stringify([...known].sort()) !== JSON.stringify([...expected].sort())) return false
      }
      return true
    }),
    { numRuns: 200 },
  )
  t.pass()
})

test('only what has changed is read again, and nothing where nothing has', async (t) => {
  const { folder, followed, known, puts, put } = follow(t)
  await followed.refresh()
  t.deepEqual([...known], [])
  t.is(followed.refresh(), undefined)
  mkdirSync(folder)
  for (let n = 0; n < 50; n++) put(`r${n}`, 'old')
  await setTimeout(50)
  await followed.refresh()
  t.is(followed.refresh(), undefined)
  puts.length = 0
  put('r7', 'new')
  await followed.refresh()
  t.deepEqual([puts, known.get('r7'), known.get('r8')], [['r7'], 'new', 'old'])
})

test.serial('nothing is read again for having been written before the clock was set back', async (t) => {
  const { folder, followed, puts, put } = follow(t)
  mkdirSync(folder)
  put('old', 'text')
  const { time } = clock
  t.teardown(() => (clock.time = time))
  clock.time = () => time() - 3_600_000
  await followed.refresh()
  t.is(followed.refresh(), undefined)
  puts.length = 0
  put('new', 'text')
  await followed.refresh()
  t.deepEqual(puts, ['new'])
})

test('what is no record, or one of another version, is nobody’s', async (t) => {
  const { folder, followed, known, put } = follow(t)
  mkdirSync(folder)
  for (const [name, text] of [
    ['a.json', '{'],
    ['b.json', '{"version":2}'],
    ['c.json', 'null'],
    ['d.json.next', '{"version":1}'],
    ['e.txt', ''],
  ] as const)
    writeFileSync(join(folder, name), text)
  put('f', 'text')
  put('g', 'text')
  await followed.refresh()
  t.deepEqual([...known.keys()], ['f', 'g'])
  writeFileSync(join(folder, 'g.json'), '{')
  put('h', 'text')
  await followed.refresh()
  t.deepEqual([...known.keys()], ['f', 'h'])
})

test('thousands are read in pieces', async (t) => {
  const { folder, followed, known, put } = follow(t)
  mkdirSync(folder)
  for (let n = 0; n < 5000; n++) put(`r${n}`, 'text')
  let turns = 0
  let done = false
  const turn = () => {
    turns++
    if (!done) setImmediate(turn)
  }
  turn()
  await followed.refresh()
  done = true
  t.is(known.size, 5000)
  t.true(turns > 5, `${turns} turns of the event loop`)
})

test('who asks during a round gets the next one, and all who do share it', async (t) => {
  const began: (() => void)[] = []
  const rounds = new Rounds(() => new Promise<void>((resolve) => began.push(resolve)))
  const first = rounds.run()
  const others = [rounds.run(), rounds.run()]
  t.is(others[0], others[1])
  t.is(began.length, 1)
  began[0]?.()
  await first
  await setTimeout(1)
  t.is(began.length, 2)
  const later = rounds.run()
  t.not(later, others[0])
  began[1]?.()
  await Promise.all(others)
  await setTimeout(1)
  began[2]?.()
  await later
  t.is(began.length, 3)
})

test('a round that fails fails those who wait for it, and no other', async (t) => {
  let rounds = 0
  const work = new Rounds(async () => {
    if (++rounds === 1) throw new Error('unreadable')
  })
  const [first, second] = [work.run(), work.run()]
  await t.throwsAsync(first, { message: 'unreadable' })
  await second
  t.is(rounds, 2)
})
