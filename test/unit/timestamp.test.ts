import test from 'ava'
import { timestamp } from '#lib/base/timestamp.js'

test('a timestamp is what Date prints of this moment, in every second', async (t) => {
  for (const end = Date.now() + 1500; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 3))) {
    const before = Date.now()
    const text = timestamp()
    const after = Date.now()
    t.is(new Date(text).toISOString(), text)
    t.true(Date.parse(text) >= before && Date.parse(text) <= after, text)
  }
})
