import test from 'ava'
import fc from 'fast-check'
import { SlipwayError } from '#lib/index.js'
import { completeIpam, type IpamRequest } from '#lib/claims/addresses/complete.js'
import { DEFAULT_POOLS, type Occupied } from '#lib/claims/addresses/default-subnet.js'
import { poolOf } from '#lib/claims/addresses/pool-of-subnet.js'
import type { SubnetRequest } from '#lib/base/addresses/subnet-request.js'
import { contains, overlap, parseSubnet, type Subnet } from '#lib/base/addresses/subnet.js'

const subnetOf = (cidr: string): Subnet => {
  const subnet = parseSubnet(cidr)
  if (!subnet) throw new RangeError(cidr)
  return subnet
}
const pools = [...DEFAULT_POOLS, { base: 'fd12:3456:789a::/48', size: 64 }]
const occupied: Occupied[] = [
  { subnet: subnetOf('172.17.0.0/16'), what: 'the network bridge has 172.17.0.0/16', claimed: true },
  { subnet: subnetOf('172.20.0.0/16'), what: 'the network web has 172.20.0.0/16', claimed: true },
  { subnet: subnetOf('fd00:20::/64'), what: 'the host has the route fd00:20::/64' },
]
const complete = (request: IpamRequest) => completeIpam(request, { pools, occupied })
const withSubnet = (subnet: SubnetRequest, rest: IpamRequest = {}) =>
  complete({ ipv6: true, ...rest, subnets: [subnet] }).find(
    ({ family }) => family === (subnet.subnet.includes(':') ? 6 : 4),
  )

test('a network of which nothing is said has the first free subnet of each family that is on', (t) => {
  const v4 = {
    family: 4,
    subnet: '172.18.0.0/16',
    prefix: 16,
    address: '172.18.0.1',
    gateway: '172.18.0.1',
    broadcast: '172.18.255.255',
    aux: {},
  }
  const v6 = {
    family: 6,
    subnet: 'fd12:3456:789a::/64',
    prefix: 64,
    address: 'fd12:3456:789a::1',
    gateway: 'fd12:3456:789a::1',
    aux: {},
  }
  t.deepEqual(complete({}), [v4])
  t.deepEqual(complete({ ipv6: true }), [v4, v6])
  t.deepEqual(complete({ ipv4: false, ipv6: true }), [v6])
  t.deepEqual(
    complete({ ipv6: true, subnets: [{ subnet: 'fd00:1::/64' }] }).map(({ subnet }) => subnet),
    ['172.18.0.0/16', 'fd00:1::/64'],
  )
})

test('what is kept for another is not chosen, and may be asked for', (t) => {
  const kept = [{ subnet: subnetOf('172.18.0.0/16'), what: 'the network bridge will have 172.18.0.0/16' }]
  const subnets = (request: IpamRequest) => completeIpam(request, { pools, occupied, kept }).map(({ subnet }) => subnet)
  t.deepEqual(subnets({}), ['172.19.0.0/16'])
  t.deepEqual(subnets({ subnets: [{ subnet: '172.18.0.0/16' }] }), ['172.18.0.0/16'])
})

test('any free subnet of one size', (t) => {
  const subnets = ['0.0.0.0/24', '0.0.0.0/0', '::/64', '::/0', '172.18.0.0/24', '0.0.0.0/24'].map((subnet) => ({
    subnet,
  }))
  t.deepEqual(
    complete({ ipv6: true, subnets }).map(({ subnet }) => subnet),
    [
      '172.18.1.0/24',
      '172.19.0.0/16',
      '172.18.0.0/24',
      '172.18.2.0/24',
      'fd12:3456:789a::/64',
      'fd12:3456:789a:1::/64',
    ],
  )
})

test('what is given is taken, in canonical text', (t) => {
  t.deepEqual(
    withSubnet({
      subnet: 'FD00:1:0:0::/64',
      gateway: 'fd00:0001::00fe',
      ipRange: 'fd00:1:0:0:8000::/65',
      auxAddresses: { router: 'FD00:1::9', DefaultGatewayIPv6: 'fd00:1::8' },
    }),
    {
      family: 6,
      subnet: 'fd00:1::/64',
      prefix: 64,
      address: 'fd00:1::fe',
      gateway: 'fd00:1::8',
      range: 'fd00:1:0:0:8000::/65',
      aux: { router: 'fd00:1::9', DefaultGatewayIPv6: 'fd00:1::8' },
    },
  )
  // Docker takes the gateway, too, from the range; but never an address that it has been told to leave alone.
  t.like(withSubnet({ subnet: '10.0.0.0/16', ipRange: '10.0.5.0/24' }), { address: '10.0.5.0', gateway: '10.0.5.0' })
  t.like(withSubnet({ subnet: '10.0.0.0/24', auxAddresses: { router: '10.0.0.1' } }), {
    address: '10.0.0.2',
    gateway: '10.0.0.2',
  })
  t.like(withSubnet({ subnet: '10.0.0.0/24', gateway: '10.0.0.1', auxAddresses: { DefaultGatewayIPv4: '10.0.0.1' } }), {
    address: '10.0.0.1',
    gateway: '10.0.0.1',
  })
  t.like(withSubnet({ subnet: '10.0.0.0/31' }), { address: '10.0.0.0', broadcast: undefined })
  t.like(withSubnet({ subnet: 'fd00::/127' }), { address: 'fd00::' })
})

test('the host has an address where it is the router; a gateway is kept where one could be', (t) => {
  const bridge = (rest: IpamRequest, gateway?: string) => {
    const { address, gateway: found } =
      withSubnet({ subnet: '10.0.0.0/24', ...(gateway ? { gateway } : {}) }, rest) ?? {}
    return [address, found]
  }
  t.deepEqual(bridge({ router: { 4: 'host', 6: 'nobody' } }), ['10.0.0.1', '10.0.0.1'])
  t.deepEqual(bridge({ internal: true }), ['10.0.0.1', '10.0.0.1'])
  t.deepEqual(bridge({ router: { 4: 'nobody' } }), [undefined, undefined])
  t.deepEqual(bridge({ router: { 4: 'nobody' } }, '10.0.0.9'), [undefined, '10.0.0.9'])
  t.deepEqual(bridge({ router: { 4: 'another' } }), [undefined, '10.0.0.1'])
  t.deepEqual(bridge({ router: { 4: 'another' }, internal: true }), [undefined, undefined])
  t.deepEqual(bridge({ router: { 4: 'another' }, internal: true }, '10.0.0.9'), [undefined, '10.0.0.9'])
  const v6 = (rest: IpamRequest) => withSubnet({ subnet: 'fd00::/64' }, rest)?.address
  t.is(v6({ router: { 4: 'another' } }), 'fd00::1')
  t.is(v6({ router: { 6: 'nobody' } }), undefined)
  t.like(withSubnet({ subnet: '10.0.0.0/32' }, { router: { 4: 'nobody' } }), { address: undefined })
})

test("a pool of it never gives what is another's", (t) => {
  const subnet = withSubnet({
    subnet: '10.0.0.0/29',
    gateway: '10.0.0.3',
    auxAddresses: { a: '10.0.0.2', DefaultGatewayIPv4: '10.0.0.5' },
  })
  const pool = subnet && poolOf(subnet)
  t.deepEqual([pool?.take(), pool?.take(), pool?.take(), pool?.take()], ['10.0.0.1', '10.0.0.4', '10.0.0.6', undefined])
})

type Refusal = [subnets: unknown, ...parts: (string | RegExp)[]]
const REFUSED: Refusal[] = [
  // Shape
  ['10.0.0.0/24', /^subnets must be a list/],
  [[null], /^subnets\[0\] must be an object/],
  [['10.0.0.0/24'], /^subnets\[0\] must be an object/],
  [[{}], /^subnets\[0\]\.subnet is missing/, '0.0.0.0/24'],
  [[{ gateway: '10.0.0.1' }], /^subnets\[0\]\.subnet is missing/],
  [[{ subnet: '10.0.0.0/24', ipRang: '10.0.0.0/25' }], 'subnets[0]', '"ipRang"', 'ipRange'],
  [[{ subnet: '10.0.0.0/24', gateway: ['10.0.0.1', '10.0.0.2'] }], /^subnets\[0\]\.gateway must be one text/],
  [[{ subnet: '10.0.0.0/24', auxAddresses: ['10.0.0.1'] }], /^subnets\[0\]\.auxAddresses must be addresses by name/],
  [[{ subnet: '10.0.0.0/24', auxAddresses: { a: 1 } }], 'subnets[0].auxAddresses', '"a"'],
  // The subnet
  [[{ subnet: '' }], /^subnets\[0\]\.subnet "" is no CIDR/],
  [[{ subnet: '10.0.0.0' }], /^subnets\[0\]\.subnet "10\.0\.0\.0" is no CIDR/, '172.20.0.0/16'],
  [[{ subnet: '10.0.0.0/33' }], 'is no CIDR'],
  [[{ subnet: 'fd00::/129' }], 'is no CIDR', 'fd00:1:2:3::/64'],
  [[{ subnet: 'fe80::1%eth0/64' }], 'is no CIDR'],
  [[{ subnet: '::ffff:10.0.0.0/120' }], 'is no CIDR'],
  [[{ subnet: '10.10.10.0/8' }], /^subnets\[0\]\.subnet 10\.10\.10\.0\/8 has host bits/, '10.0.0.0/8'],
  [[{ subnet: 'fd00::1/64' }], 'has host bits', 'fd00::/64'],
  [[{ subnet: '127.5.0.0/16' }], 'loopback'],
  [[{ subnet: '224.0.0.0/3' }], 'multicast'],
  [[{ subnet: '::/1', gateway: '::1' }], 'any free one'],
  [[{ subnet: '::5:0:0:0/96' }], '::/64', 'loopback'],
  [[{ subnet: 'fe80::/64' }], 'link-local'],
  [[{ subnet: 'ff05::/64' }], 'multicast'],
  [[{ subnet: '10.0.0.0/32' }], /^subnets\[0\]\.subnet 10\.0\.0\.0\/32 is too small/],
  [[{ subnet: 'fd00::/128' }], 'too small'],
  [[{ subnet: '0.0.0.0/32' }], 'too small'],
  [[{ subnet: '0.0.0.0/7' }], /^subnets\[0\]\.subnet 0\.0\.0\.0\/7/, 'no default address pool'],
  [[{ subnet: '::/47' }], /^subnets\[0\]\.subnet ::\/47/, 'no default address pool'],
  [[{ subnet: '10.0.0.0/30', auxAddresses: { a: '10.0.0.2' } }], 'too small', '10.0.0.1 is the gateway'],
  [[{ subnet: '10.0.0.0/31', auxAddresses: { a: '10.0.0.1' } }], 'too small'],
  // The gateway
  [
    [{ subnet: '172.21.0.0/16', gateway: '10.0.0.1' }],
    /^subnets\[0\]\.gateway 10\.0\.0\.1 lies outside 172\.21\.0\.0\/16\./,
    '172.21.0.1',
  ],
  [[{ subnet: 'fd00::/64', gateway: 'fd00:0:0:1::1' }], /^subnets\[0\]\.gateway fd00:0:0:1::1 lies outside fd00::\/64/],
  [[{ subnet: '10.0.0.0/24', gateway: 'fd00::1' }], 'subnets[0].gateway', 'is IPv6', 'is IPv4'],
  [[{ subnet: '10.0.0.0/24', gateway: 'gw' }], /^subnets\[0\]\.gateway "gw" is no plain IPv4 address/],
  [[{ subnet: '10.0.0.0/24', gateway: '10.0.0.1/24' }], 'is no plain IPv4 address'],
  [[{ subnet: 'fd00::/64', gateway: 'fe80::1%eth0' }], 'is no plain IPv6 address'],
  [[{ subnet: '10.0.0.0/24', gateway: '10.0.0.0' }], /^subnets\[0\]\.gateway 10\.0\.0\.0 is the network's own address/],
  [[{ subnet: '10.0.0.0/24', gateway: '10.0.0.255' }], 'broadcast'],
  [[{ subnet: 'fd00::/64', gateway: 'fd00::' }], 'anycast'],
  [[{ subnet: '0.0.0.0/24', gateway: '0.0.0.1' }], 'subnets[0].gateway', 'any free one'],
  // The range
  [
    [{ subnet: '10.10.10.0/24', ipRange: '10.0.0.0/8' }],
    /^subnets\[0\]\.ipRange 10\.0\.0\.0\/8 is larger than 10\.10\.10\.0\/24/,
  ],
  [
    [{ subnet: '10.0.0.0/24', ipRange: '10.0.1.0/25' }],
    /^subnets\[0\]\.ipRange 10\.0\.1\.0\/25 lies outside/,
    '10.0.0.0/25',
  ],
  [
    [{ subnet: '10.0.0.0/8', ipRange: '10.10.10.0/16' }],
    /^subnets\[0\]\.ipRange 10\.10\.10\.0\/16 has host bits/,
    '10.10.0.0/16',
  ],
  [[{ subnet: '10.0.0.0/24', ipRange: 'fd00::/65' }], 'subnets[0].ipRange', 'is IPv6'],
  [[{ subnet: '10.0.0.0/24', ipRange: '10.0.0.9' }], 'subnets[0].ipRange', 'is no CIDR'],
  [[{ subnet: '::/64', ipRange: '::/65' }], 'subnets[0].ipRange', 'any free one'],
  [[{ subnet: '10.0.0.0/24', ipRange: '10.0.0.9/32' }], /^subnets\[0\]\.ipRange 10\.0\.0\.9\/32 is too small/],
  [[{ subnet: '10.0.0.0/24', ipRange: '10.0.0.0/31' }], 'too small'],
  // The others' addresses
  [
    [{ subnet: '10.0.0.0/24', auxAddresses: { a: '10.0.1.1' } }],
    /^subnets\[0\]\.auxAddresses\.a 10\.0\.1\.1 lies outside/,
  ],
  [[{ subnet: '10.0.0.0/24', auxAddresses: { a: 'fd00::1' } }], 'subnets[0].auxAddresses.a', 'is IPv6'],
  [[{ subnet: '10.0.0.0/24', auxAddresses: { a: '10.0.0.255' } }], 'broadcast'],
  [
    [{ subnet: '10.0.0.0/24', gateway: '10.0.0.5', auxAddresses: { a: '10.0.0.5' } }],
    'subnets[0].auxAddresses.a',
    'subnets[0].gateway',
  ],
  [
    [{ subnet: 'fd00::/64', auxAddresses: { a: 'fd00::5', b: 'fd00:0::5' } }],
    'subnets[0].auxAddresses.b',
    'subnets[0].auxAddresses.a',
  ],
  [[{ subnet: '0.0.0.0/24', auxAddresses: { a: '0.0.0.5' } }], 'subnets[0].auxAddresses.a', 'any free one'],
  // One with another
  [
    [{ subnet: '10.0.0.0/24' }, { subnet: '10.0.0.0/24' }],
    'subnets[1].subnet 10.0.0.0/24',
    'subnets[0].subnet 10.0.0.0/24',
  ],
  [
    [{ subnet: '10.0.0.0/24' }, { subnet: 'fd00::/64' }, { subnet: '10.0.0.0/8' }],
    'subnets[2].subnet 10.0.0.0/8',
    'subnets[0].subnet 10.0.0.0/24',
  ],
  [[{ subnet: 'fd00::/64' }, { subnet: 'fd00:0:0:0:8000::/65' }], 'subnets[1].subnet'],
]

test('what is wrong is refused in words that name it', (t) => {
  for (const [subnets, ...parts] of REFUSED) {
    const what = JSON.stringify(subnets)
    const error = t.throws(
      () => complete({ ipv6: true, subnets: subnets as SubnetRequest[] }),
      { instanceOf: SlipwayError, code: 'INVALID_ARGUMENT' },
      what,
    )
    for (const part of parts)
      t.true(
        typeof part === 'string' ? error?.message.includes(part) : part.test(error?.message ?? ''),
        `${what}: ${error?.message}`,
      )
  }
})

test('subnets and families must go together', (t) => {
  const refusal = (request: IpamRequest) =>
    t.throws(() => complete(request), { instanceOf: SlipwayError, code: 'INVALID_ARGUMENT' })?.message ?? ''
  t.regex(
    refusal({ subnets: [{ subnet: '10.0.0.0/24' }, { subnet: 'fd00::/64' }] }),
    /^subnets\[1\]\.subnet is IPv6, and ipv6 is off\. Give ipv6: true/,
  )
  t.regex(
    refusal({ ipv4: false, ipv6: true, subnets: [{ subnet: '10.0.0.0/24' }] }),
    /^subnets\[0\]\.subnet is IPv4, and ipv4 is off/,
  )
  t.regex(refusal({ ipv4: false }), /both off/)
  const two = {
    subnets: [{ subnet: '10.0.0.0/24', gateway: '10.0.0.1', auxAddresses: { DefaultGatewayIPv4: '10.0.0.2' } }],
  }
  t.regex(
    refusal({ ...two, router: { 4: 'another' } }),
    /subnets\[0\]\.gateway 10\.0\.0\.1 and subnets\[0\]\.auxAddresses\.DefaultGatewayIPv4 10\.0\.0\.2 are two gateways/,
  )
})

test('a subnet that somebody has is refused with his name', (t) => {
  const refusal = (subnet: string) =>
    t.throws(() => withSubnet({ subnet }), { instanceOf: SlipwayError, code: 'CONFLICT' }, subnet)?.message ?? ''
  t.is(
    refusal('172.20.5.0/24'),
    'subnets[0].subnet 172.20.5.0/24 is not free: the network web has 172.20.0.0/16. Choose another, or 0.0.0.0/24 for any free one of this size.',
  )
  t.regex(refusal('172.20.0.0/14'), /the network web has 172\.20\.0\.0\/16/)
  t.regex(
    refusal('fd00:20::/48'),
    /the host has the route fd00:20::\/64\. Choose another, or ::\/48.* With force: true it is taken all the same\.$/,
  )
  t.throws(() => completeIpam({}, { pools: [{ base: '172.20.0.0/16', size: 24 }], occupied }), {
    code: 'EXHAUSTED',
    message: /172\.20\.0\.0\/16/,
  })
})

test('whatever is asked for: what comes is whole and apart from everything, or a refusal names what is wrong', (t) => {
  const address = fc.oneof(
    fc.constantFrom('10.0.0.1', '10.0.0.0', '10.0.1.9', '172.18.0.5', 'fd00::1', 'fd00::', 'fd00:1::7', 'x'),
    fc.ipV4(),
    fc.ipV6(),
  )
  const cidr = fc.oneof(
    fc.constantFrom(
      '10.0.0.0/24',
      '10.0.0.0/30',
      '10.0.1.0/24',
      '0.0.0.0/24',
      '::/64',
      '::/0',
      'fd00::/64',
      'fd00:1::/48',
      '172.18.0.0/16',
      'fd00::/80',
    ),
    fc.tuple(address, fc.integer({ min: 0, max: 129 })).map(([text, prefix]) => `${text}/${prefix}`),
  )
  const subnet = fc.record(
    {
      subnet: cidr,
      gateway: address,
      ipRange: cidr,
      auxAddresses: fc.dictionary(fc.constantFrom('a', 'b', 'DefaultGatewayIPv4', 'DefaultGatewayIPv6'), address),
    },
    { requiredKeys: ['subnet'] },
  )
  const request = fc.record(
    {
      subnets: fc.array(subnet, { maxLength: 4 }),
      ipv4: fc.boolean(),
      ipv6: fc.boolean(),
      internal: fc.boolean(),
      router: fc.record(
        { 4: fc.constantFrom('host', 'another', 'nobody'), 6: fc.constantFrom('host', 'another', 'nobody') },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  let answered = 0
  fc.assert(
    fc.property(request, (given) => {
      let answer
      try {
        answer = complete(given)
      } catch (error) {
        t.true(error instanceof SlipwayError, String(error))
        t.regex((error as Error).message, /subnets\[\d\]|ipv4|ipv6/)
        return
      }
      answered++
      t.deepEqual(answer, complete(given as IpamRequest))
      for (const [index, one] of answer.entries()) {
        const whole = subnetOf(one.subnet)
        for (const text of [one.address, one.gateway, one.broadcast, ...Object.values(one.aux)])
          if (text !== undefined) t.true(contains(whole, text))
        t.false(
          [
            ...occupied.map((other) => other.subnet),
            ...answer.slice(0, index).map((other) => subnetOf(other.subnet)),
          ].some((other) => overlap(other, whole)),
        )
        const first = poolOf(one).take()
        t.true(
          first !== undefined && ![one.address, one.gateway, one.broadcast, ...Object.values(one.aux)].includes(first),
        )
      }
      for (const family of [4, 6] as const)
        t.is(
          answer.some((one) => one.family === family),
          given[`ipv${family}`] ?? family === 4,
        )
    }),
    { numRuns: 3000 },
  )
  t.true(answered > 100)
})
