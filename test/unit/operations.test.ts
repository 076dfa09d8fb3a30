import test from 'ava'
import { describePlan } from '#lib/kernel/native.js'
import { countOnCallerThread } from '#lib/admission/short.js'
import type { Operation } from '#lib/plan/operation.js'
import { printOperation } from '#lib/plan/print.js'
import { TRAITS, type Shape } from '#lib/plan/traits.js'
import { everyOperation } from '../helpers/every-operation.js'

/**
 * An operation is told twice, in lib/plan/traits.ts and native/plan/operation.h: what is written by the one is read by
 * the other, and they agree about it.
 */

type Fields = Readonly<Record<string, unknown>>
const operations = Object.values(everyOperation) as Operation[]

const described = (operation: Operation) => {
  const [one] = describePlan([operation], '2 3')
  if (!one) throw new Error(`${operation.op} was not read`)
  return one
}
const read = (operation: Operation) => ({ op: described(operation).op, ...described(operation).fields })

test('each operation is in the list, under its own name', (t) => {
  t.deepEqual(Object.keys(TRAITS).sort(), Object.keys(everyOperation).sort())
  t.deepEqual(
    operations.map(({ op }) => op),
    Object.keys(everyOperation),
  )
})

/** Those of a set that are for who makes it do not go with elements. */
const NOT_SENT: ReadonlySet<string> = new Set(['element.add counter', 'element.delete counter'])

/** What no command has a word for. */
const NOT_PRINTED: ReadonlySet<string> = new Set([
  // Descriptors and files that are made ahead.
  'netns.create records',
  'file.create from',
  'port.hold from',
  // The link of a number is meant, whatever its name.
  'link.delete name',
  'link.rename name',
  // For the way back.
  'address.delete broadcast',
  // A shell's redirection does not look first.
  'file.replace expected',
  // A proxy has none.
  'neighbor.add lladdr',
  // nft knows the set.
  'element.add type',
  'element.add dataType',
  'element.delete type',
  'element.delete dataType',
])

for (const operation of operations) {
  const { op, ...fields } = operation as Operation & Fields
  const sent = Object.entries(fields).filter(([name]) => !NOT_SENT.has(`${op} ${name}`))

  test(`${op}: C++ reads what JavaScript writes`, (t) => {
    t.deepEqual(read(operation), { op, ...Object.fromEntries(sent) })
  })

  // Two fields of one kind that are exchanged in both lists of names would read as well together.
  for (const [name, value] of sent) {
    test(`${op}: ${name} alone is read as ${name}`, (t) => {
      t.deepEqual(read({ op, [name]: value } as unknown as Operation), { op, [name]: value })
    })
  }

  test(`${op}: both lists agree about its channel, its thread, and what takes it back`, (t) => {
    const { channel, inverse } = TRAITS[op]
    const native = described(operation)
    t.is(native.channel, channel)
    t.is(native.onCallerThread, countOnCallerThread([operation]) === 1)
    if (typeof inverse === 'object') {
      t.true(inverse.none.length > 0)
      t.is(native.inverse, '')
    } else {
      // Where it depends on a flag, it is left out.
      const { ifCommented: _, ...unconditional } = operation as Operation & { ifCommented?: boolean }
      t.is(described(op === 'link.set' ? ({ ...operation, up: false } as Operation) : unconditional).inverse, inverse)
    }
  })

  test(`${op}: the printed command has each of its texts and numbers`, (t) => {
    const text = printOperation(operation)
    t.true(text.length > 0)
    for (const [name, value] of sent) {
      const said = name === 'netns' || (op.startsWith('netns.') && name === 'path') ? 'app' : String(value).trim()
      if (typeof value !== 'object' && typeof value !== 'boolean')
        t.is(text.includes(said), !NOT_PRINTED.has(`${op} ${name}`), name)
    }
  })
}

test('a part that is left out is none, and one that is there is one', (t) => {
  const { peer: _, ...alone } = everyOperation['link.create']
  t.deepEqual(read(alone), { ...alone })
  t.deepEqual(read({ op: 'conntrack.flush', addresses: [] }), { op: 'conntrack.flush' })
})

test('a field is told as a text, number or flag, or as what has fields of its own', (t) => {
  const check = (where: string, { fields, parts = [] }: Shape) => {
    for (const [name, part] of parts) {
      t.false(fields.includes(name), where)
      if (part !== 'texts') check(`${where}.${name}`, part)
    }
  }
  for (const [op, shape] of Object.entries(TRAITS)) check(op, shape)
})
