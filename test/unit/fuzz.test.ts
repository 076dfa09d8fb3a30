import test from 'ava'
import fc from 'fast-check'
import { inputsOf } from '../fuzz/mutate.js'
import { nativeSeeds } from '../fuzz/seeds.js'
import { targets } from '../fuzz/targets.js'

/** The fuzzers' targets hold for their seeds, and for the same few inputs each time: docs/fuzzing.md. */

for (const target of targets) {
  test(`${target.name}: what it must hold, it holds`, (t) => {
    for (const seed of target.seeds) t.notThrows(() => target.run(seed))
    fc.assert(
      fc.property(inputsOf(target), (input) => target.run(input)),
      { numRuns: 300, seed: 1 },
    )
    t.pass()
  })
}

test('the fuzzers of C++ begin with messages of every kind', (t) => {
  const { answers, elements, firewalls, plan } = nativeSeeds()
  t.deepEqual(
    [...new Set(answers.map((seed) => seed[0]))].sort((a, b) => Number(a) - Number(b)),
    Array.from({ length: 19 }, (_, question) => question),
  )
  t.true(new Set(elements.map((seed) => seed[0])).size > 3)
  t.deepEqual([...new Set(firewalls.map((seed) => seed[0]))].sort(), [0, 1, 2, 3])
  t.true(plan.length > 100)
})
