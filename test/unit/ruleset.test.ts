import test from 'ava'
import { rulesetPlan } from '#lib/policy/ruleset.js'

test('no rule looks for a key in a map only to ask whether it is there: Linux 6.1 refuses that', (t) => {
  const plan = rulesetPlan()
  const maps = new Set(
    plan.flatMap((operation) =>
      operation.op === 'set.add' && operation.dataType !== undefined ? [`${operation.family} ${operation.set}`] : [],
    ),
  )
  const asking = plan.flatMap((operation) =>
    operation.op === 'rule.add'
      ? operation.statements.flatMap((statement) =>
          'operation' in statement && ['in', 'not in'].includes(statement.operation)
            ? [
                {
                  set: `${operation.family} ${statement.value}`,
                  rule: `${operation.chain}: ${operation.comment ?? ''}`,
                },
              ]
            : [],
        )
      : [],
  )
  t.true(maps.has('inet zones4') && asking.length > 0)
  t.deepEqual(
    asking.filter(({ set }) => maps.has(set)),
    [],
  )
})
