import test from 'ava'
import type { Fact, Facts } from '#lib/events/facts.js'
import { EventModel } from '#lib/events/model.js'

/** What this process does is told once, whether who reads the records is behind or ahead. */

const fact = (network: string): Fact => ({ type: 'sandbox', id: 'a', name: 'app', attributes: { network } }) as never
const none: Facts = new Map()
const on = (network: string): Facts => new Map([['sandbox', fact(network)]])
const [one, two, three] = [on('1'), on('2'), on('3')]

type Step = (model: EventModel) => void
const did =
  (before: Facts | undefined, after: Facts | undefined): Step =>
  (model) =>
    model.did('a', before, after)
const read =
  (facts: Facts, isNews = true): Step =>
  (model) =>
    model.read('a', facts, isNews)

const settled: Step = (model) => model.settle(Infinity)

const CASES: Readonly<Record<string, [steps: Step[], told: string[]]>> = {
  'made here, then read': [[did(undefined, one), read(one)], ['created 1']],
  'read, then made here': [[read(one), did(undefined, one)], ['created 1']],
  'changed twice before it is read': [
    [did(undefined, one), did(one, two), did(two, three), read(one), read(two), read(three)],
    ['created 1', 'changed 2', 'changed 3'],
  ],
  'read in between not at all': [
    [did(undefined, one), did(one, two), read(two)],
    ['created 1', 'changed 2'],
  ],
  'changed by another after that': [
    [did(undefined, one), read(one), read(two)],
    ['created 1', 'changed 2'],
  ],
  'removed here, then an old record is read': [
    [did(undefined, one), did(one, undefined), read(one), read(none)],
    ['created 1', 'removed 1'],
  ],
  'read that it has gone, then removed here': [
    [did(undefined, one), read(one), read(none), did(one, undefined)],
    ['created 1', 'removed 1'],
  ],
  'there and back, and the reader behind': [
    [did(undefined, one), did(one, two), did(two, one), read(one), read(two), read(one), settled],
    ['created 1', 'changed 2', 'changed 1'],
  ],
  'changed back by another before the first change is read': [
    [read(one, false), did(one, two), read(one), settled],
    ['changed 2', 'changed 1'],
  ],
  'from before anybody listened': [[read(one, false), read(two)], ['changed 2']],
  'from before, changed here before it is read': [[did(one, two), read(one, false), read(two)], ['changed 2']],
  'taken away and given back': [
    [read(one, false), did(one, undefined), did(undefined, one), read(two)],
    ['removed 1', 'created 1', 'changed 2'],
  ],
}

for (const [what, [steps, expected]] of Object.entries(CASES))
  test(what, (t) => {
    const told: string[] = []
    const model = new EventModel(({ action, attributes }) => told.push(`${action} ${attributes['network']}`))
    for (const step of steps) step(model)
    t.deepEqual(told, expected)
  })

test('what is not there any more after all was read anew has gone', (t) => {
  const told: string[] = []
  const model = new EventModel(({ action }) => told.push(action))
  model.read('a', one, false)
  model.keep(new Set(['a']))
  t.deepEqual(told, [])
  model.keep(new Set())
  t.deepEqual(told, ['removed'])
})
