import test from 'ava'
import { mergeRests } from '#lib/drivers/removal-plans.js'
import type { Plan } from '#lib/plan/operation.js'
import { kinds } from '../helpers/plans/kinds.js'
import { leaves } from '../helpers/plans/leaves.js'
import { modes } from '../helpers/plans/modes.js'
import { moves } from '../helpers/plans/moves.js'

/** What several sandboxes leave behind, as one plan. */

const rests: readonly Plan[] = [
  ...Object.values(modes).flatMap((plan) => ('rest' in plan ? [plan.rest] : [])),
  ...Object.values({ ...kinds, ...leaves, ...moves }).flatMap((plans) =>
    Object.entries(plans).flatMap(([command, plan]) => (command.endsWith('after it has returned') ? [plan] : [])),
  ),
]

test('nothing of what drivers leave for later is lost', (t) => {
  t.true(rests.length > 10)
  for (const rest of rests) {
    const text = (plan: Plan) => plan.map((operation) => JSON.stringify(operation)).sort()
    t.deepEqual(text(mergeRests([rest])), text(rest))
  }
})

test('links go before namespaces, namespaces before what is claimed, and records last', (t) => {
  const end = (name: string): Plan => [
    { op: 'link.set', name, group: 7 },
    { op: 'link.deleteGroup', group: 7 },
    { op: 'netns.delete', path: name },
    { op: 'element.delete', family: 'inet', table: 'slipway', set: 'macs', type: 'ether_addr', elements: [] },
    { op: 'file.delete', path: name },
  ]
  t.deepEqual(
    mergeRests([end('one'), end('two')]).map((operation) => ('path' in operation ? operation.path : operation.op)),
    ['link.set', 'link.set', 'link.deleteGroup', 'one', 'two', 'element.delete', 'element.delete', 'one', 'two'],
  )
})

test('an operation that has no place there is refused, as it would be lost', (t) => {
  t.throws(() => mergeRests([[{ op: 'link.create', name: 'br0', kind: 'bridge' }]]), { message: /link\.create/ })
})
