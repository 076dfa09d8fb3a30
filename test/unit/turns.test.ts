import test from 'ava'
import fc from 'fast-check'
import { Turns } from '#lib/turns.js'

const busyFor = (milliseconds: number) => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

test('everybody gets a turn, first come first served', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ pause: fc.constantFrom('none', 'microtask', 'immediate'), busy: fc.constantFrom(0, 0, 0, 0.2, 0.5) }), { maxLength: 60 }), async (calls) => {
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
      t.deepEqual(order, calls.map((_, index) => index))
    }),
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
  let loop = 0
  let counting = true
  const count = () => {
    loop++
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  const seen = await Promise.all(Array.from({ length: 20 }, async () => {
    await turns.next()
    busyFor(1)
    return loop
  }))
  counting = false
  // The first may be alone in its turn, and a neighbour may slip in before the clock tells; no more.
  t.true(new Set(seen).size >= 18, seen.join(' '))
})
