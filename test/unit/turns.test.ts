import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { MOST_HANDED_OVER, CALLS_PER_TURN, Turns } from '#lib/admission/turns.js'

const busyFor = (milliseconds: number) => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

/** Counts the turns of the event loop until the test ends. */
function countTurns(t: ExecutionContext): { turn: number } {
  const loop = { turn: 0 }
  let counting = true
  const count = () => {
    loop.turn++
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  t.teardown(() => (counting = false))
  return loop
}

test('everybody gets a turn, first come first served', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          pause: fc.constantFrom('none', 'microtask', 'immediate'),
          busy: fc.constantFrom(0, 0, 0, 0.2, 0.5),
        }),
        { maxLength: 60 },
      ),
      async (calls) => {
        const turns = new Turns()
        const order: number[] = []
        const all: Promise<unknown>[] = []
        const call = async (index: number, busy: number) => {
          await turns.next()
          order.push(index)
          busyFor(busy)
        }
        for (const [index, { pause, busy }] of calls.entries()) {
          all.push(call(index, busy))
          if (pause === 'microtask') await Promise.resolve()
          if (pause === 'immediate') await new Promise(setImmediate)
        }
        await Promise.all(all)
        t.deepEqual(
          order,
          calls.map((_, index) => index),
        )
      },
    ),
    { numRuns: 50 },
  )
})

test('a lone call does not wait for the next turn of the loop', async (t) => {
  const turns = new Turns()
  let turned = false
  setImmediate(() => (turned = true))
  await turns.next()
  t.false(turned)
})

test('calls that take long do not follow each other in one turn of the loop', async (t) => {
  const turns = new Turns()
  const loop = countTurns(t)
  const seen = await Promise.all(
    Array.from({ length: 20 }, async () => {
      await turns.next()
      busyFor(1)
      return loop.turn
    }),
  )
  // The first may be alone in its turn, and a neighbour may slip in before the clock tells; no more.
  t.true(new Set(seen).size >= 18, seen.join(' '))
})

test('those that waited for the same do not go on in one turn of the loop', async (t) => {
  const turns = new Turns()
  const event = new Promise((resolve) => setTimeout(resolve, 5))
  const loop = countTurns(t)
  const order: number[] = []
  const seen = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      await turns.after(event)
      order.push(index)
      busyFor(1)
      return loop.turn
    }),
  )
  t.true(new Set(seen).size >= 18, seen.join(' '))
  t.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  )
})

test('no more than so many plans are handed over, and other calls pass those that wait for that', async (t) => {
  const turns = new Turns()
  const away: (() => void)[] = []
  let most = 0
  const handing = async () => {
    await turns.nextToHandOver()
    turns.handOver()
    await new Promise<void>((resolve) => (most = Math.max(most, away.push(resolve))))
    turns.handBack()
  }
  const all = Array.from({ length: 3 * MOST_HANDED_OVER }, handing)
  let passed = false
  const other = turns.next()?.then(() => (passed = true))
  t.truthy(other)
  // As many turns as it would take if nothing held the rest.
  for (let turn = 0; turn < 4 * MOST_HANDED_OVER; turn++) await new Promise(setImmediate)
  t.true(passed)
  t.is(away.length, MOST_HANDED_OVER)
  while (away.length > 0) {
    away.shift()?.()
    await new Promise(setImmediate)
  }
  await Promise.all(all)
  t.is(most, MOST_HANDED_OVER)
})

test('of many that take no time, so many go on in one turn of the loop', async (t) => {
  const turns = new Turns()
  const loop = countTurns(t)
  const byTurn = new Map<number, number>()
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      await (index % 2 === 0 ? turns.next() : turns.nextToHandOver())
      byTurn.set(loop.turn, (byTurn.get(loop.turn) ?? 0) + 1)
    }),
  )
  // Besides, the first of each kind need not wait.
  t.true(Math.max(...byTurn.values()) <= CALLS_PER_TURN + 2, [...byTurn.values()].join(' '))
})
