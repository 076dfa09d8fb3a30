import test from 'ava'
import fc from 'fast-check'
import { SlipwayError, type PortMapping, type PortRequest } from '#lib/index.js'
import { expand, type DefaultHostIps } from '#lib/claims/ports/expand.js'
import { dockerPort, printMapping } from '#lib/base/port-mapping.js'
import { matching } from '#lib/claims/ports/matching.js'
import { parsePublish } from '#lib/claims/ports/parse-publish.js'

const mapping = (
  hostIp: string,
  hostPort: number,
  containerPort: number,
  protocol: PortMapping['protocol'] = 'tcp',
): PortMapping => ({ protocol, containerPort, hostIp, hostPort })
const whole = mapping('192.0.2.5', 0, 0, 'all')
const read = (text: string) => parsePublish(text)[0] as PortRequest

test('a mapping is printed as docker does', (t) => {
  t.is(printMapping(mapping('0.0.0.0', 8080, 80)), '0.0.0.0:8080->80/tcp')
  t.is(printMapping(mapping('::', 53, 53, 'udp')), '[::]:53->53/udp')
  t.is(printMapping(whole), '192.0.2.5:*->*')
  t.is(printMapping(mapping('0.0.0.0', 0, 80)), '0.0.0.0:->80/tcp')
})

test('mappings are listed as docker port does: by the numbers in them', (t) => {
  const mappings = [
    mapping('::', 8080, 80),
    mapping('0.0.0.0', 10000, 443),
    mapping('0.0.0.0', 9999, 443),
    mapping('0.0.0.0', 8080, 80),
    mapping('192.0.2.10', 1, 53, 'udp'),
    mapping('192.0.2.9', 1, 53, 'udp'),
    mapping('127.0.0.1', 53, 53),
    mapping('0.0.0.0', 9000, 9000),
    whole,
  ]
  const lines = [
    '* -> 192.0.2.5:*',
    '53/tcp -> 127.0.0.1:53',
    '53/udp -> 192.0.2.9:1',
    '53/udp -> 192.0.2.10:1',
    '80/tcp -> 0.0.0.0:8080',
    '80/tcp -> [::]:8080',
    '443/tcp -> 0.0.0.0:9999',
    '443/tcp -> 0.0.0.0:10000',
    '9000/tcp -> 0.0.0.0:9000',
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(mappings, { minLength: mappings.length }), (shuffled) =>
      t.deepEqual(dockerPort(shuffled), lines),
    ),
  )
})

test('a request goes to the address that it names, or to the default of each family that there is', (t) => {
  const both = [4, 6] as const
  const goes = (text: string, families: readonly (4 | 6)[], defaults?: DefaultHostIps) =>
    expand(read(text), families, defaults).map(({ hostIp, allow }) => [hostIp, ...(allow ?? [])].join(' '))
  t.deepEqual(goes('80', both), ['0.0.0.0', '::'])
  t.deepEqual(goes('80', [4]), ['0.0.0.0'])
  t.deepEqual(goes('80', [6]), ['::'])
  t.deepEqual(goes('80', both, { 4: '127.0.0.1' }), ['127.0.0.1'])
  t.deepEqual(goes('0.0.0.0:80:80', both), ['0.0.0.0'])
  t.deepEqual(goes('[::]:80:80', both), ['::'])
  t.deepEqual(goes('[2001:db8::1]:*', both), ['2001:db8::1'])
  // Only families in which somebody may connect.
  t.deepEqual(goes('80,allow=10.0.0.0/8,allow=2001:db8::/32', both), ['0.0.0.0 10.0.0.0/8', ':: 2001:db8::/32'])
  t.deepEqual(goes('80,allow=10.0.0.0/8', both), ['0.0.0.0 10.0.0.0/8'])

  const refused: [string, readonly (4 | 6)[], DefaultHostIps, string][] = [
    [
      '[::]:80:80',
      [4],
      {},
      'publish "[::]:80:80/tcp": the sandbox has no IPv6 address that [::] could lead to, because its network has no IPv6.',
    ],
    ['192.0.2.5::80', [6], {}, 'the sandbox has no IPv4 address that 192.0.2.5 could lead to'],
    ['80', [6], { 4: '127.0.0.1' }, 'the sandbox has no IPv4 address that 127.0.0.1 could lead to'],
    ['80', [6], {}, 'the network has no default'],
    ['80,allow=2001:db8::/32', [4], { 4: '0.0.0.0' }, 'nobody could connect to 0.0.0.0'],
    ['192.0.2.5:80:80,allow=::/0', both, {}, 'nobody could connect to 192.0.2.5'],
  ]
  for (const [text, families, defaults, words] of refused) {
    const error = t.throws(() => expand(read(text), families, defaults), {
      instanceOf: SlipwayError,
      code: 'INVALID_ARGUMENT',
    })
    t.true(error.message.includes(words), error.message)
  }
})

test('what is unpublished is what was named; what was left out may be anything', (t) => {
  const there = [
    mapping('0.0.0.0', 8080, 80),
    mapping('::', 8080, 80),
    mapping('127.0.0.1', 9000, 80),
    mapping('0.0.0.0', 8081, 81),
    mapping('0.0.0.0', 8080, 80, 'udp'),
    whole,
  ]
  const gone = (text: string) => matching(there, read(text)).map((one) => there.indexOf(one))
  t.deepEqual(gone('80'), [0, 1, 2])
  t.deepEqual(gone('80/udp'), [4])
  t.deepEqual(gone('8080:80'), [0, 1])
  t.deepEqual(gone('[::]:8080:80'), [1])
  t.deepEqual(gone('127.0.0.1::80'), [2])
  t.deepEqual(gone('8080-9000:80'), [0, 1, 2])
  t.deepEqual(gone('8081-9000:80'), [2])
  t.deepEqual(gone('8080:80,allow=10.0.0.0/8'), [0, 1])
  t.deepEqual(gone('192.0.2.5:*'), [5])
  t.deepEqual([...gone('192.0.2.6:*'), ...gone('8080:81'), ...gone('80/sctp'), ...gone('192.0.2.5:8080:80')], [])
})
