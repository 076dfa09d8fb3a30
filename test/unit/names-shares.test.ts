import test from 'ava'
import fc from 'fast-check'
import { FairQueue } from '#lib/names/resolver/fair-queue.js'
import { FrameReader } from '#lib/names/resolver/frames.js'
import { isResponseTo, readQuery, withQuestion } from '#lib/names/resolver/message.js'
import { Places, type Release } from '#lib/names/resolver/places.js'
import { SilentServers } from '#lib/names/resolver/silent-servers.js'
import { question } from '../helpers/names.js'

/** What a resolver has for all askers, and what of it each gets. */

test('one holder may have all places, and gives the oldest up for another', (t) => {
  const places = new Places(4)
  const lost: string[] = []
  const take = (holder: string, name: string) => places.take(holder, () => lost.push(name))
  for (const name of ['a1', 'a2', 'a3', 'a4']) t.truthy(take('a', name))
  t.is(take('a', 'a5'), undefined)
  t.truthy(take('b', 'b1'))
  t.deepEqual(lost, ['a1'])
  const release = take('b', 'b2')
  t.deepEqual(lost, ['a1', 'a2'])
  // Two each: nobody has less than another by more than the one place.
  t.is(take('a', 'a6'), undefined)
  t.is(take('b', 'b3'), undefined)
  t.truthy(take('c', 'c1'))
  t.deepEqual(lost, ['a1', 'a2', 'a3'])
  release?.()
  release?.()
  t.truthy(take('a', 'a7'))
  t.is(take('a', 'a8'), undefined)
  t.is(new Places(9, 2).take('a', () => undefined) && places.take('c', () => undefined), undefined)
})

test('whatever is taken and given back, there are never more places taken than there are, and the largest share is not robbed of its right', (t) => {
  const most = 6
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean())), (steps) => {
      const places = new Places(most, 4)
      const held = new Map<string, Release[]>()
      for (const [holder, takes] of steps) {
        const own = held.get(holder) ?? []
        held.set(holder, own)
        if (!takes) {
          own.shift()?.()
          continue
        }
        const sizes = new Map([...held].map(([name, list]) => [name, list.length]))
        const released: Release | undefined = places.take(holder, () => {
          const [loser] = [...held].find(([, list]) => released !== undefined && list.includes(released)) ?? []
          const list = held.get(loser ?? '') ?? []
          list.splice(list.indexOf(released as Release), 1)
        })
        const all = [...sizes.values()].reduce((sum, size) => sum + size, 0)
        const largest = Math.max(...sizes.values())
        const mine = sizes.get(holder) ?? 0
        t.is(released !== undefined, mine < 4 && (all < most || largest > mine + 1))
        if (released) own.push(released)
        t.true([...held.values()].reduce((sum, list) => sum + list.length, 0) <= most)
      }
    }),
  )
})

test('an asker that has thousands waiting is one of those that take turns', async (t) => {
  const queue = new FairQueue()
  const done: string[] = []
  let dropped = 0
  const add = (owner: string) =>
    new Promise<void>((resolve) => {
      const end = () => resolve()
      queue.add(owner, { run: () => (done.push(owner), end(), undefined), drop: () => (dropped++, end()) })
    })
  const many = Array.from({ length: 6000 }, () => add('flood'))
  const [b, c] = [add('b'), add('c')]
  await Promise.all([b, c])
  t.true(done.indexOf('b') < 3 && done.indexOf('c') < 4, `${done.indexOf('b')} ${done.indexOf('c')}`)
  await Promise.all(many)
  t.deepEqual([dropped, done.length], [6002 - 4096, 4096])
})

test('while the directory is read, no more than some wait for it, and all go on after', async (t) => {
  const queue = new FairQueue()
  let begun = 0
  let ready = () => {}
  const read = new Promise<void>((resolve) => (ready = resolve))
  const all = Array.from(
    { length: 1000 },
    () => new Promise<void>((resolve) => queue.add('a', { run: () => (begun++, read.then(resolve)), drop: resolve })),
  )
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  t.true(begun >= 1 && begun <= 256, `${begun}`)
  ready()
  await Promise.all(all)
  t.is(begun, 1000)
})

test('a nameserver that was silent is asked last by the one that has waited, until anybody hears it', (t) => {
  const silent = new SilentServers()
  const servers = ['192.0.2.1', '192.0.2.2']
  silent.waited('a', '192.0.2.1', performance.now() - 2000)
  t.deepEqual(silent.last('a', servers), ['192.0.2.2', '192.0.2.1'])
  t.deepEqual(silent.last('b', servers), servers)
  silent.heard('192.0.2.1')
  t.deepEqual(silent.last('a', servers), servers)
  // It has answered others meanwhile: it was the question.
  silent.waited('a', '192.0.2.1', performance.now() - 2000)
  t.deepEqual(silent.last('a', servers), servers)
})

test('the longest messages come out of a stream that comes byte by byte', (t) => {
  const reader = new FrameReader()
  const byte = Buffer.alloc(1)
  const length = Buffer.from([0xff, 0xff])
  for (let message = 0; message < 40; message++) {
    reader.read(length)
    for (let n = 1; n < 65535; n++) if (reader.read(byte).length > 0) t.fail('too early')
    t.deepEqual(
      reader.read(byte).map((found) => found.length),
      [65535],
    )
  }
})

test('an error is believed without the question, and an answer is not', (t) => {
  const { query } = readQuery(question('one.example'))
  if (!query) return t.fail()
  const response = (flags: number, questions = 0) => {
    const bytes = Buffer.alloc(12)
    query.bytes.copy(bytes, 0, 0, 2)
    bytes.writeUInt16BE(flags, 2)
    bytes.writeUInt16BE(questions, 4)
    return bytes
  }
  const believed = (bytes: Buffer) => isResponseTo(bytes, query.bytes, query.questionEnd)
  for (const code of [1, 2, 3, 4, 5]) t.true(believed(response(0x8180 | code)))
  t.false(believed(response(0x8180)))
  t.false(believed(response(0x0180 | 5)))
  t.false(believed(response(0x8185, 1)))
  t.false(believed(response(0x8185, 2)))
  const other = response(0x8185)
  other.writeUInt16BE(other.readUInt16BE(0) ^ 1, 0)
  t.false(believed(other))
  const whole = withQuestion(response(0x8183), query)
  t.true(believed(whole))
  t.is(whole.readUInt16BE(2), 0x8183)
  t.is(withQuestion(whole, query), whole)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      t.is(typeof believed(Buffer.from(bytes)), 'boolean')
    }),
  )
})

test('whatever bytes come as a stream, frames are what their lengths say, and nothing is lost', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 12 }), (chunks) => {
      const reader = new FrameReader()
      const found = chunks.flatMap((chunk) => reader.read(Buffer.from(chunk)))
      const all = Buffer.concat(chunks)
      let at = 0
      for (const message of found) {
        t.is(message.length, all.readUInt16BE(at))
        t.deepEqual(message, all.subarray(at + 2, at + 2 + message.length))
        at += 2 + message.length
      }
      t.true(all.length - at < 2 || all.length < at + 2 + all.readUInt16BE(at))
    }),
  )
})
