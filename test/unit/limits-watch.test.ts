import test from 'ava'
import { LimitsWatch, type Limit } from '#lib/work/limits-watch.js'

const NO_HOST = { find: () => Promise.reject(new Error('nobody is to be asked')) }

/** A limit of 100, and what is told of it. */
function setUp() {
  const told: string[] = []
  const state: { used: number | undefined } = { used: 10 }
  const limit: Limit = { used: () => state.used, most: () => 100, say: (used, most) => `${used} of ${most}` }
  const watch = new LimitsWatch({ tell: (action, message) => void told.push(`${action} ${message}`) }, NO_HOST, [limit])
  const change = (times: number) => Array.from({ length: times }).forEach(() => watch.did())
  return { told, state, watch, change }
}

test('a limit that is near is told once, and again when there was room meanwhile', (t) => {
  const { told, state, watch, change } = setUp()
  watch.heard(true)
  change(64)
  t.deepEqual(told, [])
  state.used = 80
  change(64)
  state.used = 85
  change(64)
  t.deepEqual(told, ['warning 80 of 100'])
  state.used = 79
  change(64)
  state.used = 90
  change(64)
  t.deepEqual(told, ['warning 80 of 100', 'warning 90 of 100'])
})

test('who begins to listen is told what is near, and nobody else', (t) => {
  const { told, state, watch, change } = setUp()
  state.used = 99
  change(640)
  t.deepEqual(told, [])
  watch.heard(true)
  t.deepEqual(told, ['warning 99 of 100'])
  watch.heard(false)
  change(640)
  watch.heard(true)
  t.deepEqual(told, ['warning 99 of 100', 'warning 99 of 100'])
})

test('what cannot be seen is not told', (t) => {
  const { told, state, watch } = setUp()
  state.used = undefined
  watch.heard(true)
  t.deepEqual(told, [])
})
