import test from 'ava'
import { rulesetPlan } from '#lib/policy/ruleset.js'
import { encodePlan } from '#lib/kernel/native.js'
import type { Operation } from '#lib/plan/operation.js'
import { TRAITS } from '#lib/plan/traits.js'
import { compare, encode, fromWords, readGolden, toWords } from '../golden/format.js'
import { everyOperation } from '../helpers/every-operation.js'
import { decodeMessage, splitMessages } from '../helpers/netlink.js'

// What golden bytes are, and how they are captured: test/golden/README.md.

const golden = [...readGolden()].flatMap(([file, entries]) =>
  entries.map((entry) => ({ title: `${file}: ${entry.name}`, entry })),
)

for (const { title, entry } of golden) {
  test(`${title}: our bytes are the golden ones`, (t) => {
    t.deepEqual(encode(entry).map(toWords), entry.ours)
  })

  test(`${title}: our message is ${entry.noTool === undefined ? "the tool's" : 'well-formed'}`, (t) => {
    const messages = encode(entry)
    if (entry.noTool !== undefined) {
      t.deepEqual(entry.tool, [])
      t.true(messages.every((message) => Object.keys(decodeMessage(message).fields).length > 0))
      return
    }
    t.true(entry.tool.length > 0)
    const explained = entry.differences.map(({ why, ...difference }) => {
      t.not(why, '', difference.at)
      return difference
    })
    t.deepEqual(compare(entry.operation, entry.tool.map(fromWords), messages), explained)
  })
}

test('every nest says that it is one, as strict kernel parsers want', (t) => {
  for (const { title, entry } of golden) {
    for (const message of encode(entry)) t.deepEqual(decodeMessage(message).unmarked, [], title)
  }
})

for (const operation of Object.values(everyOperation) as Operation[]) {
  const { op } = operation
  // Which messages conntrack.flush sends depends on a dump: connection.json has the one that forgets a connection.
  const isMessage = TRAITS[op].channel !== 'direct' && op !== 'generation.check'
  test(`${op} ${isMessage ? 'has golden bytes' : 'is no message'}`, (t) => {
    if (isMessage) t.true(golden.some(({ entry }) => entry.operation.op === op))
    // It goes into the message that begins the transaction.
    else if (op === 'generation.check') t.is(encodePlan([operation], {}).length, 0)
    else t.throws(() => encodePlan([operation], {}), { message: 'operation 0 has no message' })
  })
}

test('every operation of the ruleset has golden bytes', (t) => {
  const captured = new Set(golden.map(({ entry }) => JSON.stringify(entry.operation)))
  for (const operation of rulesetPlan()) {
    t.true(captured.has(JSON.stringify(operation)), `${JSON.stringify(operation)} is new: npm run golden:capture`)
  }
})

test('several operations are several messages, numbered in order', (t) => {
  const plan = golden.map(({ entry }) => entry.operation).filter((operation) => operation.op === 'element.add')
  const numbers = splitMessages(encodePlan(plan, {})).map((message) => message.readUInt32LE(8))
  t.true(numbers.length > plan.length)
  t.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  )
})
