import test from 'ava'
import fc from 'fast-check'
import { SlipwayError, type CreateOptions, type OpenOptions } from '#lib/index.js'
import { show } from '#lib/base/errors.js'
import { readOpenOptions } from '#lib/api/options.js'
import { readCreateOptions } from '#lib/api/sandboxes/create-options.js'
import { nameCheck } from '#lib/base/name.js'

/** Nearly right, or anything at all. */
const nearly = (...right: unknown[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...right) },
    fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }),
    fc.string({ unit: 'binary' }),
  )

test('open takes what it checks, or says what it wants', (t) => {
  const options = fc.record(
    {
      netns: nearly('/run/netns/a'),
      stateDir: nearly('/run/slipway', '/tmp/a b'),
      bridgeName: nearly('docker0', 'br-web.1'),
      bip: nearly('172.17.0.1/16'),
      fixedCidr: nearly('172.17.1.0/24'),
      mtu: nearly(68, 1500, 65535),
      defaultGateway: nearly('172.17.0.2'),
      icc: nearly(true, false),
      ipMasq: nearly(true, false),
      ip: nearly('0.0.0.0', '127.0.0.1'),
      defaultAddressPools: nearly([{ base: '10.0.0.0/8', size: 24 }]),
      pool: nearly({ size: 32, networks: ['bridge'] }),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(options, (given) =>
      isReadOrRefused(t, { ...given, pool: undefined }, () => readOpenOptions(given as OpenOptions)),
    ),
    { numRuns: 3000 },
  )
})

test('create takes what it checks, or says what it wants', (t) => {
  const options = fc.record(
    {
      name: nearly('app', 'a.b_c-1'),
      network: nearly('bridge'),
      publish: fc.oneof(fc.array(nearly('8080:80', '80/udp')), fc.anything()),
      ip: nearly('172.17.0.9'),
      mac: nearly('02:42:ac:11:00:09', '02:42:AC:11:00:09'),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(options, (given) =>
      isReadOrRefused(
        t,
        {
          ...given,
          network: undefined,
          publish: undefined,
          mac: typeof given.mac === 'string' ? given.mac.toLowerCase() : given.mac,
        },
        () => flat(readCreateOptions(given as CreateOptions)),
      ),
    ),
    { numRuns: 3000 },
  )
})

const flat = (request: ReturnType<typeof readCreateOptions>) => ({ ...request, ...request.endpoint, ...request.names })

// What is read has the very values that were given; what is refused is refused in a line that a person can read.
function isReadOrRefused(
  t: { is(a: unknown, b: unknown): unknown; true(a: boolean, message?: string): unknown },
  given: object,
  read: () => object,
): void {
  let result: object
  try {
    result = read()
  } catch (error) {
    t.true(error instanceof SlipwayError && ['INVALID_ARGUMENT', 'UNSUPPORTED'].includes(error.code), String(error))
    t.true((error as Error).message.length < 1000)
    return
  }
  for (const [name, value] of Object.entries(given)) if (value !== undefined) t.is(result[name as never], value)
}

test('a name is what /run/netns can hold', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 110 }), (name) => {
      if (nameCheck(name) === undefined) t.regex(name, /^[\w.-]{1,100}$/)
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$/), (name) => t.is(nameCheck(name), undefined)),
  )
})

test('any value is shown in one short line', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true }),
        fc.string({ minLength: 200 }),
      ),
      (value) => {
        t.true(show(value).length < 1000)
        t.notRegex(show(value), /[\0-\x1f]/)
      },
    ),
  )
  t.is(show('a"b\n\0'), '"a\\"b\\n\\u0000"')
  t.is(show(Symbol('a')), 'Symbol(a)')
})
