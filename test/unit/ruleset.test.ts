import test from 'ava'
import { unlikeParts } from '#lib/claims/compare-ruleset.js'
import { fingerprintPlan, type Fingerprint } from '#lib/kernel/native.js'
import type { RuleAdd, Statement } from '#lib/plan/operation.js'
import { RULESET_FAMILIES, RULESET_FINGERPRINTS, rulesetPlan } from '#lib/policy/ruleset.js'

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

const rules = rulesetPlan().filter((operation) => operation.op === 'rule.add')
const numberOf = (statements: readonly Statement[], rule: RuleAdd) =>
  fingerprintPlan([{ ...rule, statements }]).parts[0]?.number

test('the numbers that the tables of this version have are theirs', (t) => {
  t.deepEqual(
    Object.fromEntries(RULESET_FAMILIES.map((family) => [family, fingerprintPlan(rulesetPlan([family])).whole])),
    RULESET_FINGERPRINTS,
  )
})

test('a rule without one of its statements has another number, whatever a counter has counted', (t) => {
  for (const rule of rules) {
    const whole = numberOf(rule.statements, rule)
    for (const [index, statement] of rule.statements.entries()) {
      // What asks for an address asks for its family, too.
      if ('operation' in statement && statement.match[0] === 'meta nfproto') continue
      t.not(numberOf(rule.statements.toSpliced(index, 1), rule), whole, `${rule.comment}: ${JSON.stringify(statement)}`)
    }
    const counted = rule.statements.map((one) => ('counter' in one ? { ...one, packets: 7, bytes: 420 } : one))
    t.is(numberOf(counted, rule), whole)
  }
})

test('a rule with another value, set or verdict has another number', (t) => {
  const other = (statement: Statement): Statement[] => {
    if ('verdict' in statement) return [{ verdict: statement.verdict === 'drop' ? 'accept' : 'drop' }]
    if ('nat' in statement)
      return [
        { ...statement, value: 'other' },
        { ...statement, port: !statement.port },
      ]
    if ('operation' in statement && ['in', 'not in'].includes(statement.operation))
      return [
        { ...statement, value: 'other' },
        { ...statement, operation: statement.operation === 'in' ? 'not in' : 'in' },
      ] as Statement[]
    if ('operation' in statement && ['==', '!='].includes(statement.operation))
      return [{ ...statement, operation: statement.operation === '==' ? '!=' : '==' }] as Statement[]
    return []
  }
  for (const rule of rules)
    for (const [index, statement] of rule.statements.entries())
      for (const changed of other(statement))
        t.not(
          numberOf(rule.statements.with(index, changed), rule),
          numberOf(rule.statements, rule),
          `${rule.comment}: ${JSON.stringify(changed)}`,
        )
})

const part = (kind: Fingerprint['kind'], name: string, number: number, comment = ''): Fingerprint => ({
  kind,
  name,
  comment,
  number,
})
const written = [
  part('table', 'slipway', 1),
  part('set', 'bridges', 2),
  part('chain', 'into', 3),
  part('rule', 'into', 4, 'first'),
  part('rule', 'into', 5, 'second'),
]
const unlike = (...there: Fingerprint[]) => {
  const found = unlikeParts({ whole: 0, parts: written }, { whole: 7, parts: there })
  return (
    found &&
    Object.fromEntries(
      Object.entries(found).flatMap(([name, value]) =>
        value instanceof Set
          ? value.size > 0
            ? [[name, [...(value as Set<string>)]]]
            : []
          : [[name, value as unknown]],
      ),
    )
  )
}
const [table, set, chain, first, second] = written as [Fingerprint, Fingerprint, Fingerprint, Fingerprint, Fingerprint]
const found = { whole: 7, table: false, isThere: true }

test('what others add is no part of the ruleset', (t) => {
  t.is(unlike(...written), undefined)
  t.is(
    unlike(...written, part('set', 'mine', 9), part('chain', 'mine', 9), part('rule', 'mine', 9, 'first')),
    undefined,
  )
  t.is(unlike(table, set, chain, first, part('rule', 'into', 9, 'between'), second), undefined)
})

test('what is not there, or is another, is told by its name', (t) => {
  t.deepEqual(unlike(part('table', 'slipway', 9), set, chain, first, second), { ...found, table: true })
  t.deepEqual(unlike(table, chain, first, second), { ...found, sets: ['bridges'], isThere: false })
  t.deepEqual(unlike(table, part('set', 'bridges', 9), chain, first, second), { ...found, sets: ['bridges'] })
  t.deepEqual(unlike(table, set, part('chain', 'into', 9), first, second), { ...found, chains: ['into'] })
  t.deepEqual(unlike(table, set, chain, first), { ...found, rules: ['into'], isThere: false })
  t.deepEqual(unlike(table, set, chain, part('rule', 'into', 9, 'first'), second), { ...found, rules: ['into'] })
})

test('a rule twice, or before one that it is to follow, is another', (t) => {
  const rules = { ...found, rules: ['into'], isThere: false }
  t.deepEqual(unlike(table, set, chain, second, first), rules)
  t.deepEqual(unlike(table, set, chain, first, second, first), rules)
  t.deepEqual(unlike(table, set, chain, second, first, second), rules)
})

test('a chain with the rules of one that has gone is that one', (t) => {
  const renamed = [part('chain', 'old', 3), part('rule', 'old', 4, 'first'), part('rule', 'old', 5, 'second')]
  t.deepEqual(unlike(table, set, ...renamed), {
    ...found,
    chains: ['into'],
    rules: ['into'],
    renamed: ['old'],
    isThere: false,
  })
  t.is(unlike(...written, ...renamed), undefined)
})
