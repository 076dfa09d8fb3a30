import { SocketAddress } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { SlipwayError, type PortRequest } from '#lib/index.js'
import { checkRequest } from '#lib/claims/ports/check-request.js'
import { printRequest } from '#lib/base/port-mapping.js'
import { parsePublish } from '#lib/claims/ports/parse-publish.js'

const port = fc.integer({ min: 1, max: 65535 })
const protocol = fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const)
const ipv4 = fc.ipV4().filter((text) => !/^(22[4-9]|23\d)\./.test(text) && text !== '255.255.255.255')
/** Of the global unicast range, many with zeros, in the kernel's own notation. */
const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 0xffff }))
const groups = fc
  .tuple(fc.integer({ min: 0x2000, max: 0x3fff }), ...Array.from({ length: 7 }, () => group))
  .map((all) => all.map((one) => one.toString(16)))
const canonical = (address: string) => new SocketAddress({ family: 'ipv6', address }).address
const ipv6 = fc.oneof(
  groups.map((all) => canonical(all.join(':'))),
  fc.constant('::'),
)
const hostIp = fc.oneof(ipv4, ipv6)
const network = fc.oneof(
  ipv4.map((address) => `${address}/32`),
  groups.map((all) => `${canonical(all.join(':'))}/128`),
  fc.constantFrom('10.0.0.0/8', '2001:db8::/32', '0.0.0.0/0', '::/0'),
)

/** A range that fits twice. */
const ranges = fc
  .record({ first: port, other: port, length: fc.integer({ min: 1, max: 300 }) })
  .map(({ first, other, length }) => {
    const count = Math.min(length, 65536 - Math.max(first, other))
    return { first, other, count }
  })
const hostRange = fc
  .tuple(port, port)
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
const printRange = (first: number, count: number) => (count === 1 ? `${first}` : `${first}-${first + count - 1}`)

/** Any request, as it is after reading. */
const request: fc.Arbitrary<PortRequest> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      { protocol, containerPort: port, hostIp, hostPort: fc.oneof(port, hostRange) },
      { requiredKeys: ['protocol', 'containerPort'] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .oneof(
        ipv4.filter((text) => !/^(127|0)\./.test(text)),
        ipv6.filter((text) => text !== '::'),
      )
      .map((hostIp) => ({ protocol: 'all' as const, containerPort: 0, hostIp, hostPort: 0 })),
  },
)

const refuses = (t: ExecutionContext, read: () => unknown, ...words: (string | RegExp)[]) => {
  const error = t.throws(read, { instanceOf: SlipwayError, code: 'INVALID_ARGUMENT' })
  for (const word of words)
    t.true(
      typeof word === 'string' ? error.message.includes(word) : word.test(error.message),
      `${String(word)}: ${error.message}`,
    )
}

test('what is printed is read as what it was, and an object is taken as it is', (t) => {
  fc.assert(
    fc.property(request, fc.option(fc.uniqueArray(network, { minLength: 1, maxLength: 4 })), (bare, networks) => {
      const allow =
        networks && bare.protocol !== 'all'
          ? parsePublish(`80,${networks.map((one) => `allow=${one}`).join(',')}`)[0]?.allow
          : undefined
      const whole: PortRequest = allow ? { ...bare, allow } : bare
      t.deepEqual(parsePublish(printRequest(whole)), [whole])
      t.deepEqual(checkRequest(whole), whole)
    }),
    { numRuns: 1000 },
  )
})

test('every way to write a mapping of ranges is read as what it says', (t) => {
  fc.assert(
    fc.property(
      ranges,
      fc.option(hostIp, { nil: undefined }),
      fc.boolean(),
      fc.option(protocol, { nil: undefined }),
      fc.boolean(),
      ({ first, other, count }, address, named, proto, loud) => {
        const host = named ? `${printRange(first, count)}:` : address ? ':' : ''
        const printed = address?.includes(':') ? `[${address}]` : address
        const text = `${printed ? `${printed}:` : ''}${host}${printRange(other, count)}${proto ? `/${loud ? proto.toUpperCase() : proto}` : ''}`
        const expected = Array.from({ length: count }, (_, index): PortRequest => ({
          protocol: proto ?? 'tcp',
          containerPort: other + index,
          ...(address ? { hostIp: address } : {}),
          ...(named ? { hostPort: first + index } : {}),
        }))
        t.deepEqual(parsePublish(text), expected)
      },
    ),
  )
})

test('any text is read or refused with what is right', (t) => {
  const pieces = fc
    .array(
      fc.constantFrom(
        '80',
        '0',
        '65536',
        '1.2.3.4',
        ':',
        '-',
        '/',
        'tcp',
        'UDP',
        ' ',
        '\0',
        'a',
        '[',
        ']',
        '*',
        ',',
        'allow=',
        '10.0.0.0/8',
        '2001:db8::1',
        '%eth0',
        '::ffff:1.2.3.4',
        '９',
        '٣',
      ),
      { maxLength: 9 },
    )
    .map((list) => list.join(''))
  fc.assert(
    fc.property(fc.oneof(pieces, fc.string(), fc.string({ unit: 'binary' })), (text) => {
      let requests: PortRequest[]
      try {
        requests = parsePublish(text)
      } catch (error) {
        t.true(
          error instanceof SlipwayError && error.code === 'INVALID_ARGUMENT' && error.message.includes("'8080:80'"),
          String(error),
        )
        t.true((error as Error).message.length < 1000)
        return
      }
      t.regex(text, /^[[\]0-9a-f.:*-]+(\/(tcp|UDP)?)?(,allow=[0-9a-f.:/]+)*$/)
      for (const request of requests) t.deepEqual(checkRequest(request), request)
    }),
    { numRuns: 5000 },
  )
})

test('any object is taken as what it is, or refused with what is right', (t) => {
  const anything = fc.record(
    {
      protocol: fc.oneof(protocol, fc.constant('all'), fc.anything()),
      containerPort: fc.oneof(port, fc.constant(0), fc.anything()),
      hostIp: fc.oneof(hostIp, fc.anything()),
      hostPort: fc.oneof(port, hostRange, fc.tuple(port, port), fc.anything()),
      allow: fc.oneof(fc.array(fc.oneof(network, fc.anything({ withNullPrototype: true }))), fc.anything()),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(anything, (given) => {
      try {
        const read = checkRequest(given as PortRequest)
        t.deepEqual(parsePublish(printRequest(read)), [read])
      } catch (error) {
        t.true(
          error instanceof SlipwayError && error.code === 'INVALID_ARGUMENT' && error.message.includes('{ protocol: '),
          String(error),
        )
        t.true((error as Error).message.length < 1200)
      }
    }),
    { numRuns: 3000 },
  )
})

test('what docker reads, and how', (t) => {
  const read: [string, ...PortRequest[]][] = [
    ['80', { protocol: 'tcp', containerPort: 80 }],
    ['80/TCP', { protocol: 'tcp', containerPort: 80 }],
    ['80/', { protocol: 'tcp', containerPort: 80 }],
    [':80', { protocol: 'tcp', containerPort: 80 }],
    ['::80', { protocol: 'tcp', containerPort: 80 }],
    ['0:80', { protocol: 'tcp', containerPort: 80 }],
    [':8080:80', { protocol: 'tcp', containerPort: 80, hostPort: 8080 }],
    ['08080:080', { protocol: 'tcp', containerPort: 80, hostPort: 8080 }],
    ['8080-8080:80', { protocol: 'tcp', containerPort: 80, hostPort: 8080 }],
    ['8000-8010:80', { protocol: 'tcp', containerPort: 80, hostPort: [8000, 8010] }],
    ['80-81/sctp', { protocol: 'sctp', containerPort: 80 }, { protocol: 'sctp', containerPort: 81 }],
    ['192.0.2.5::80', { protocol: 'tcp', containerPort: 80, hostIp: '192.0.2.5' }],
    ['192.0.2.5:8000-8001:80', { protocol: 'tcp', containerPort: 80, hostIp: '192.0.2.5', hostPort: [8000, 8001] }],
    ['[2001:DB8:0::1]:8888:80', { protocol: 'tcp', containerPort: 80, hostIp: '2001:db8::1', hostPort: 8888 }],
    ['[::]:8080:80', { protocol: 'tcp', containerPort: 80, hostIp: '::', hostPort: 8080 }],
    ['[2001:db8::1]::80', { protocol: 'tcp', containerPort: 80, hostIp: '2001:db8::1' }],
    ['0.0.0.0:8080:80', { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }],
  ]
  for (const [text, ...expected] of read) t.deepEqual(parsePublish(text), expected, text)
})

test('what is wrong is said, and what would be right', (t) => {
  const wrong: [string, ...(string | RegExp)[]][] = [
    ['', 'container port "" is no number'],
    ['8080:', 'container port "" is no number'],
    ['80-70', 'container port range 80-70 runs backwards'],
    ['80-81-82', 'container port "80-81-82" is no number or range'],
    ['8080-8090:80-81', '11 host ports for 2 container ports'],
    ['8080:80-81', '1 host ports for 2 container ports'],
    ['0-1:80', 'host port 0-1 is outside 1-65535'],
    ['80/icmp', '"icmp" is no protocol that can be published (tcp, udp, sctp)'],
    ['80/tcp/udp', 'more than one "/"'],
    ['1.2.3.4:80', "'127.0.0.1::80'"],
    ['1.2.3:80:80', 'host address "1.2.3" is no IP address'],
    ['localhost:80:80', 'host address "localhost" is no IP address'],
    ['2001:db8::1:8080:80', "'[2001:db8::1]:8080:80'"],
    ['1:2:3:4', 'too many colons'],
    ['[2001:db8::1]:80', "'[2001:db8::1]::80'"],
    ['[2001:db8::1]:1:2:3', 'too many colons'],
    ['[2001:db8::1]', 'with a colon behind'],
    ['[2001:db8::1', 'with a colon behind'],
    ['[192.0.2.5]:80:80', 'brackets hold an IPv6 address'],
    ['[fe80::1%eth0]:80:80', 'a zone (%)'],
    ['[fe80::1]:80:80', 'link-local'],
    ['[ff02::1]:80:80', 'multicast'],
    ['224.0.0.1:80:80', 'multicast'],
    ['255.255.255.255:80:80', 'broadcast'],
    ['[::1]:80:80', 'Publish on 127.0.0.1'],
    ['[::ffff:192.0.2.5]:80:80', 'write 192.0.2.5'],
    ['*', "name it, as in '192.0.2.5:*'"],
    ['0.0.0.0:*', "name it, as in '192.0.2.5:*'"],
    ['[::]:*', "name it, as in '192.0.2.5:*'"],
    ['8080:*', 'host address "8080" is no IP address'],
    ['127.0.0.1:*', 'loopback'],
    ['192.0.2.5:80:*', 'no host port goes with it'],
    ['192.0.2.5:*/tcp', 'every protocol'],
    ['192.0.2.5:*,allow=10.0.0.0/8', 'not with a whole host address'],
    ['80,10.0.0.0/8', "as in ',allow=10.0.0.0/8'"],
    ['80,', 'behind a comma'],
    ['80,allow=', 'allow "" is no address or network'],
    ['80,allow=10.0.0.0/33', 'at most 32'],
    ['80,allow=2001:db8::/129', 'at most 128'],
    ['80,allow=10/8', 'allow "10" is no IP address'],
    ['80,allow=::ffff:10.0.0.1', 'write 10.0.0.1'],
  ]
  for (const [text, ...words] of wrong)
    refuses(t, () => parsePublish(text), 'publish', "A port mapping is '80', '8080:80'", ...words)

  const objects: [object, string][] = [
    [{}, 'protocol must be'],
    [{ protocol: 'tcp' }, 'containerPort must be a number from 1 to 65535'],
    [{ protocol: 'tcp', containerPort: 80, port: 80 }, 'no field "port"'],
    [{ protocol: 'tcp', containerPort: 80, hostIp: '' }, 'is no IP address'],
    [{ protocol: 'tcp', containerPort: 80, hostPort: [8000] }, 'hostPort must be'],
    [{ protocol: 'tcp', containerPort: 80, hostPort: [8001, 8000] }, 'runs backwards'],
    [{ protocol: 'tcp', containerPort: 80, allow: [] }, 'left out, everybody may connect'],
    [{ protocol: 'tcp', containerPort: 80, allow: '10.0.0.0/8' }, 'allow must be a list'],
    [{ protocol: 'all', containerPort: 80, hostIp: '192.0.2.5' }, 'containerPort is 0'],
    [{ protocol: 'all', containerPort: 0 }, 'name it'],
    [
      { protocol: 'all', containerPort: 0, hostIp: '192.0.2.5', allow: ['10.0.0.0/8'] },
      'not with a whole host address',
    ],
  ]
  for (const [object, words] of objects) refuses(t, () => checkRequest(object as PortRequest), 'publish {', words)
})

test('who may connect is canonical, and nothing is said twice', (t) => {
  const allow = (...networks: string[]) =>
    parsePublish(['80', ...networks.map((one) => `allow=${one}`)].join(','))[0]?.allow
  t.deepEqual(allow('192.0.2.7'), ['192.0.2.7/32'])
  t.deepEqual(allow('10.1.2.3/8', '10.0.0.0/8', '10.9.9.9', '11.0.0.0/8'), ['10.0.0.0/8', '11.0.0.0/8'])
  t.deepEqual(allow('10.0.0.0/24', '10.0.0.0/8', '10.0.0.0'), ['10.0.0.0/8'])
  t.deepEqual(allow('2001:DB8:0:0::1', '2001:db8::/32', '192.0.2.7'), ['192.0.2.7/32', '2001:db8::/32'])
  t.deepEqual(allow('::/0', '0.0.0.0/0', '10.0.0.0/8', '2001:db8::/32'), ['0.0.0.0/0', '::/0'])
})
