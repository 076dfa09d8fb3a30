import test from 'ava'
import type { PartInfo, RuleInfo } from '#lib/kernel/native.js'
import { printOperation } from '#lib/plan/print.js'
import { leftOut, replacementPlan, type OlderTable } from '#lib/policy/replacement.js'
import { rulesetPlan } from '#lib/policy/ruleset.js'

/** The plan that replaces a table of an older version, beside the ruleset itself (test/plans/ruleset.txt). */

const part = (kind: PartInfo['kind'], name: string, uses: string[] = []): PartInfo => ({
  kind,
  name,
  attributes: `${kind}-${name}`,
  uses,
})
const element = { key: 'tcp . 8080', data: '172.17.0.2 . 80', comment: 'app (0123456789ab)', packets: 7, bytes: 420 }
const rule = (chain: string, comment: string, packets = 0): RuleInfo => ({
  chain,
  comment,
  packets,
  bytes: packets * 60,
})

const published = { set: 'published4', type: 'inet_proto . inet_service', dataType: 'ipv4_addr . inet_service' }

const table: OlderTable = {
  family: 'inet',
  sets: [
    { set: { ...published, counter: true }, elements: [element] },
    // Of another type than now, and with intervals, which it has not any more: their elements come from the records.
    { set: { set: 'addresses4', type: 'ifname . ipv4_addr' }, elements: [{ ...element, key: '"eth0" . 172.17.0.2' }] },
    { set: { set: 'addresses6', type: 'ipv6_addr', interval: true }, elements: [{ ...element, key: 'fd00::/64' }] },
    {
      set: { set: 'bridges', type: 'ifname' },
      elements: [{ key: 'docker0', data: '', comment: '', packets: 0, bytes: 0 }],
    },
  ],
  rules: [
    rule('guard', 'from elsewhere to the loopback of the host', 3),
    rule('guard', ''),
    rule('user', ''),
    rule('gone', 'of an older ruleset', 9),
  ],
  parts: [
    part('chain', 'user'),
    part('chain', 'mine'),
    part('chain', 'gone'),
    part('chain', 'guard'),
    part('rule', 'guard', ['set bridges', 'set another']),
    part('rule', 'user', ['chain mine', 'chain forward', 'set __set0']),
    part('rule', 'mine', ['object hits', 'set bridges', 'chain user']),
    part('rule', 'gone', ['set old']),
    part('rule', 'forward', ['set published4']),
    part('set', '__set0'),
    part('set', 'old'),
    part('set', 'bridges'),
    part('element', '__set0', ['chain mine']),
    part('element', 'old'),
    part('object', 'hits'),
    part('object', 'unused'),
  ],
}

const NONE = { ...table, sets: [], rules: [], parts: [] }

test('the table is deleted and written as the ruleset has it', (t) => {
  t.deepEqual(replacementPlan(NONE), [
    { op: 'table.delete', family: 'inet', table: 'slipway' },
    ...rulesetPlan(['inet']),
  ])
})

test('beside that: what the chain of the administrator needs, in order, and the elements with their counters', (t) => {
  const plain = new Set(replacementPlan(NONE).map(printOperation))
  const copied = (kind: string, name: string) => `nft # ${kind} inet slipway ${name} as it was: ${kind}-${name}`
  t.deepEqual(
    replacementPlan({ ...table, rules: [] })
      .map(printOperation)
      .filter((line) => !plain.has(line)),
    [
      copied('object', 'hits'),
      copied('set', '__set0'),
      copied('chain', 'mine'),
      copied('element', '__set0'),
      copied('rule', 'user'),
      copied('rule', 'mine'),
      'nft create element inet slipway published4 { tcp . 8080 counter packets 7 bytes 420 comment "app (0123456789ab)" : 172.17.0.2 . 80 }',
      'nft create element inet slipway bridges { "docker0" }',
    ],
  )
})

test('rules go on counting, the nth of a comment in a chain from what the nth had', (t) => {
  const plain = rulesetPlan(['inet'])
  const counting = plain.filter(
    (operation) => operation.op === 'rule.add' && operation.statements.some((statement) => 'counter' in statement),
  )
  const rules = counting.map((operation, index) =>
    operation.op === 'rule.add' ? rule(operation.chain, operation.comment ?? '', index + 1) : rule('', ''),
  )
  const counts = replacementPlan({ ...NONE, rules }).flatMap((operation) =>
    operation.op === 'rule.add'
      ? operation.statements.flatMap((statement) => ('counter' in statement ? [statement.packets] : []))
      : [],
  )
  t.true(counting.length > 1)
  t.deepEqual(
    counts,
    counting.map((_, index) => index + 1),
  )
})

test('what goes with the table is named', (t) => {
  t.deepEqual(leftOut(table), ['chain gone', 'set old', 'object unused', 'a rule in chain guard'])
})
