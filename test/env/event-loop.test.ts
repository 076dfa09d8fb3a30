import { performance } from 'node:perf_hooks'
import test from 'ava'
import { World } from '../helpers/world.js'

test('the event loop turns while 500 creates are in flight', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await world.create(slipway, 'first')

  let turns = 0
  let turning = true
  let longest = 0
  let last = performance.now()
  const turn = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    turns++
    if (turning) setImmediate(turn)
  }
  setImmediate(turn)
  const began = performance.now()
  const sandboxes = await Promise.all(Array.from({ length: 500 }, (_, index) => world.create(slipway, `${index}`, { publish: [`${10_000 + index}:80`] })))
  turning = false
  t.log(`${turns} turns in ${Math.round(performance.now() - began)} ms; the longest took ${longest.toFixed(2)} ms`)
  // No more than a few calls begin in one turn: were each to wait for the kernel, it would be one turn for all.
  t.true(turns > 500)

  const addresses = new Set(sandboxes.flatMap(({ endpoints }) => endpoints[0]?.addresses))
  t.is(addresses.size, 500)
  await Promise.all(sandboxes.map((sandbox) => sandbox.remove()))
})
