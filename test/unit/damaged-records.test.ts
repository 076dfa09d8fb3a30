import test from 'ava'
import '#lib/drivers/index.js'
import { readRecordText, type RecordKind } from '#lib/store/kind.js'
import { NETWORK } from '#lib/store/network-kind.js'
import { SANDBOX } from '#lib/store/sandbox-kind.js'
import { changed, fieldsOf, VALUES } from '../helpers/every-field.js'
import { networkRecord, sandboxRecord } from '../helpers/whole-records.js'

/** Each field of each kind of records, by the schema, with what it must not be. */

const KINDS: [string, RecordKind<unknown>, { name: string }][] = [
  ['sandbox', SANDBOX, sandboxRecord],
  ['network', NETWORK, networkRecord],
]

/**
 * Texts that are shown and nothing else; and the path of a namespace that another program has made, which is told by
 * its inode.
 */
const ANY_TEXT = /^(options|labels|subnets)\b|^spec\.stateDir$|^path$/

/** Two fields that do not go together: either may be the one that is damaged. */
const TOGETHER = /after its (id|name|file)|of its record|as its options say|a further bridge of/

const LONG_TEXTS = ['a long text', 'a path that climbs', 'a path of another program']

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value)

const at = (record: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce((value, key) => (value as Record<string | number, unknown>)[key], record)

for (const [what, kind, record] of KINDS) {
  const why = (changedRecord: unknown) => readRecordText(kind, record.name, JSON.stringify(changedRecord)).why

  test(`a record of a ${what} with any field damaged is refused, and the field named`, (t) => {
    t.is(why(record), undefined)
    for (const { path, name, optional } of fieldsOf(kind.shape, record)) {
      for (const [value, put] of Object.entries(VALUES)) {
        // In a list, nothing is missing.
        if (put === undefined && typeof path.at(-1) === 'number') continue
        const said = why(changed(record, path, put))
        if (said !== undefined) t.true(said.includes(name) || TOGETHER.test(said), `${name}, ${value}: ${said}`)
        else if (put === undefined) t.true(optional, `${name} may be left out`)
        else
          t.true(
            typeOf(put) === typeOf(at(record, path)) && (ANY_TEXT.test(name) || !LONG_TEXTS.includes(value)),
            `${name} may be ${value}`,
          )
      }
    }
  })

  test(`a record of a ${what} of another version`, (t) => {
    for (const version of [0, -1, 0.5, 999, 2 ** 53, '2', null, undefined, [], {}])
      t.regex(why({ ...record, version }) ?? '', /version/)
    t.regex(why({ ...record, version: kind.version + 1 }) ?? '', /of a later Slipway/)
  })

  test(`a record of a ${what} may say more than this version knows`, (t) => {
    t.is(why({ ...record, more: { than: ['known'] } }), undefined)
  })
}

test('a record of a sandbox of the first version', (t) => {
  const { endpoints: _, ...old } = sandboxRecord
  const { record } = readRecordText(SANDBOX, old.name, JSON.stringify({ ...old, version: 1 }))
  t.like(record, { version: 3, stack: 'own', endpoints: [] })
  for (const { path } of fieldsOf(SANDBOX.shape, sandboxRecord)) {
    if (path[0] === 'endpoints') continue
    for (const value of [null, {}, 2 ** 53])
      t.notThrows(() =>
        readRecordText(
          SANDBOX,
          old.name,
          JSON.stringify({ ...changed(sandboxRecord, path, value), version: 1, endpoints: undefined }),
        ),
      )
  }
})

test('a record of a network of the first version, which knew one driver', (t) => {
  const { driver, ...oldSpec } = networkRecord.spec
  const old = { ...networkRecord, version: 1, spec: oldSpec }
  t.deepEqual(readRecordText(NETWORK, old.name, JSON.stringify(old)).record as unknown, networkRecord)
  t.is(driver, 'bridge')
  for (const spec of [null, undefined, [], 'x', 7])
    t.regex(readRecordText(NETWORK, old.name, JSON.stringify({ ...old, spec })).why ?? '', /^spec\b/)
  for (const { path } of fieldsOf(NETWORK.shape, networkRecord)) {
    for (const value of [null, {}, 2 ** 53])
      t.notThrows(() =>
        readRecordText(NETWORK, old.name, JSON.stringify({ ...changed(networkRecord, path, value), version: 1 })),
      )
  }
})

test('a record of a network of a driver that this Slipway does not have', (t) => {
  for (const driver of ['overlay', '', 'constructor', '__proto__', 7, null, undefined]) {
    const { why } = readRecordText(
      NETWORK,
      networkRecord.name,
      JSON.stringify({ ...networkRecord, spec: { ...networkRecord.spec, driver } }),
    )
    t.regex(why ?? '', /^spec\.driver (is missing|must be)/, String(driver))
  }
})

/** The record as version 2 had it: bridges only, and the text of `network` said whose namespace it is. */
function asVersion2({ stack: _, joined: { id: __, ...joined }, ...record }: typeof sandboxRecord) {
  const endpoints = record.endpoints.map(({ driver: ___, body, ...head }) => ({ ...head, ...body }))
  return { ...record, version: 2, joined, endpoints }
}

test('a record of a sandbox of the second version', (t) => {
  const old = asVersion2(sandboxRecord)
  const read = (record: unknown) => readRecordText(SANDBOX, sandboxRecord.name, JSON.stringify(record))
  const other = 'ab'.repeat(32)
  for (const [network, stack, joined] of [
    ['web', 'own', ''],
    ['none', 'own', ''],
    ['host', 'host', ''],
    [`container:${other}`, 'joined', other],
  ] as const) {
    const { record } = read({ ...old, network })
    const expected = { ...sandboxRecord, network, stack }
    if (stack === 'joined')
      t.deepEqual(record, { ...expected, joined: { ...old.joined, id: joined } } as never, network)
    else t.like(record, { version: 3, network, stack, endpoints: sandboxRecord.endpoints }, network)
  }
  t.like(read({ ...old, joined: undefined, network: `container:${other}` }).record, { joined: { id: other } })
  const [endpoint = {}] = old.endpoints
  for (const path of [
    ...Object.keys(old).map((key) => [key]),
    ...Object.keys(endpoint).map((key) => ['endpoints', 0, key]),
  ])
    for (const value of [null, {}, 2 ** 53, undefined]) t.notThrows(() => read(changed(old, path, value)))
})
