import test from 'ava'
import fc from 'fast-check'
import { SlipwayError } from '#lib/index.js'
import { DEFAULT_POOLS, firstFreeSubnet, type Occupied } from '#lib/claims/addresses/default-subnet.js'
import type { AddressPoolSpec } from '#lib/base/settings.js'
import { overlap, parseSubnet, printSubnet, subnetAround, type Subnet } from '#lib/base/addresses/subnet.js'
import { ulaPool, withIpv6Pool } from '#lib/claims/addresses/ula.js'

const subnetOf = (cidr: string): Subnet => {
  const subnet = parseSubnet(cidr)
  if (!subnet) throw new RangeError(cidr)
  return subnet
}
const occupied = (texts: readonly string[]): Occupied[] =>
  texts.map((text) => ({ subnet: subnetOf(text), what: `the host has the route ${text}` }))
const asked = { asked: 'ipv4', instead: 'Give subnets' }

/** All subnets of a pool, one after another: how the choice would be made if it could take its time. */
function* allOf({ base, size }: AddressPoolSpec, wanted = size): Generator<Subnet> {
  const { family, first, last } = subnetOf(base)
  for (let at = first; at <= last; at = subnetAround(family, at, wanted).last + 1n)
    yield subnetAround(family, at, wanted)
}

// Most of them at the beginning of pools, where they matter.
const near4 = fc
  .tuple(fc.integer({ min: 16, max: 31 }), fc.oneof(fc.nat(4), fc.nat(255)))
  .map(([b, c]) => `172.${b}.${c}.0`)
const cidr4 = fc
  .tuple(fc.oneof(fc.ipV4(), near4), fc.integer({ min: 8, max: 28 }))
  .map(([address, prefix]) => `${address}/${prefix}`)
const cidr6 = fc
  .tuple(fc.nat(3), fc.oneof(fc.nat(8), fc.integer({ min: 0xff00, max: 0xff10 })), fc.integer({ min: 52, max: 68 }))
  .map(([a, b, prefix]) => `fd00:0:${a}:${b.toString(16)}::/${prefix}`)
const POOLS: readonly AddressPoolSpec[] = [
  ...DEFAULT_POOLS,
  { base: 'fd00:0:1::/56', size: 64 },
  { base: 'fd00:0:2:ff00::/56', size: 62 },
]

test('the first free subnet is free, of a pool, and none before it is free', (t) => {
  const some = fc.record({
    taken: fc.array(fc.oneof(cidr4, cidr6, fc.constantFrom(...POOLS.map(({ base }) => base))), { maxLength: 40 }),
    family: fc.constantFrom<4 | 6>(4, 6),
    size: fc.option(fc.integer({ min: 10, max: 66 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(some, fc.infiniteStream(fc.nat()), ({ taken, family, size: any }, random) => {
      const size = family === 4 ? any && Math.min(any, 24) : any && Math.max(any, 54)
      const around = occupied(taken)
      const isFree = (subnet: Subnet) => !around.some((other) => overlap(other.subnet, subnet))
      const suiting = POOLS.filter(
        ({ base }) => subnetOf(base).family === family && (size === undefined || subnetOf(base).prefix <= size),
      )
      let expected: Subnet | undefined
      for (const pool of suiting)
        for (const subnet of expected ? [] : allOf(pool, size))
          if (isFree(subnet)) {
            expected = subnet
            break
          }
      // The order in which a host tells what it has says nothing.
      const shuffled = around
        .map((one) => ({ one, key: random.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one)
      for (const order of [around, shuffled]) {
        const choose = () =>
          firstFreeSubnet(POOLS, order, { family, ...asked, ...(size === undefined ? {} : { size }) })
        if (expected) t.deepEqual(choose(), expected)
        else
          t.throws(choose, {
            instanceOf: SlipwayError,
            code: suiting.length > 0 ? 'EXHAUSTED' : 'INVALID_ARGUMENT',
            message: /Give subnets/,
          })
      }
    }),
    { numRuns: 300 },
  )
})

test('a pool of 2^56 subnets is a pool like any other', (t) => {
  const pools = [{ base: 'fd00::/8', size: 64 }]
  const taken = occupied(['fd00::/10', 'fd40::/64', 'fd40:0:0:2::/63', 'fd00::/64', '0.0.0.0/1'])
  for (const order of [taken, taken.toReversed()])
    t.is(printSubnet(firstFreeSubnet(pools, order, { family: 6, ...asked })), 'fd40:0:0:1::/64')
  t.is(printSubnet(firstFreeSubnet(pools, occupied(['fd00::/9']), { family: 6, ...asked })), 'fd80::/64')
  t.throws(() => firstFreeSubnet(pools, occupied(['fc00::/7']), { family: 6, ...asked }), {
    code: 'EXHAUSTED',
    message: /fd00::\/8/,
  })
})

test("when docker's pools are used up, the further one is cut, away from all that the host has a way to", (t) => {
  const networks: Occupied[] = []
  const next = (more: Occupied[] = []): string => {
    const subnet = firstFreeSubnet(DEFAULT_POOLS, [...networks, ...more], { family: 4, ...asked })
    networks.push({ subnet, what: `the network n${networks.length}`, claimed: true })
    return printSubnet(subnet)
  }
  const byGateway: Occupied[] = ['172.16.0.0/12', '10.0.0.0/23'].map((text) => ({
    subnet: subnetOf(text),
    what: `the host has the route ${text}`,
    counts: 'further',
  }))
  const nameserver: Occupied = { subnet: subnetOf('172.19.0.53/32'), what: 'a nameserver', counts: 'chosen' }
  const first = Array.from({ length: 30 }, () => next([...byGateway, nameserver]))
  t.deepEqual(first.slice(0, 3), ['172.17.0.0/16', '172.18.0.0/16', '172.20.0.0/16'])
  t.is(first.at(-1), '192.168.240.0/20')
  t.deepEqual(
    [next(byGateway), next([...byGateway, nameserver]), next()],
    ['172.19.0.0/16', '10.0.2.0/24', '10.0.0.0/24'],
  )
  t.throws(() => firstFreeSubnet(DEFAULT_POOLS, [...occupied(['10.0.0.0/8']), ...networks], { family: 4, ...asked }), {
    code: 'EXHAUSTED',
  })
})

test('a base with host bits starts there', (t) => {
  t.is(
    printSubnet(firstFreeSubnet([{ base: '172.17.0.0/12', size: 16 }], [], { family: 4, ...asked })),
    '172.17.0.0/16',
  )
})

test('pools that are none', (t) => {
  const cases: [AddressPoolSpec, RegExp][] = [
    [{ base: '172.17.0.0', size: 16 }, /base "172.17.0.0"/],
    [{ base: '172.30.0.0/24', size: 16 }, /size 16 .* from 24 to 30/],
    [{ base: '172.30.0.0/24', size: 31 }, /size 31 .* from 24 to 30/],
    [{ base: 'fd00::/48', size: 47 }, /size 47 .* from 48 to 126/],
    [{ base: 'fd00::/48', size: 127 }, /size 127 .* from 48 to 126/],
    [{ base: 'fe80::1%lo/64', size: 64 }, /base "fe80::1%lo\/64"/],
  ]
  for (const [pool, message] of cases) {
    t.throws(() => firstFreeSubnet([pool], [], { family: 4, ...asked }), {
      instanceOf: SlipwayError,
      code: 'INVALID_ARGUMENT',
      message,
    })
  }
})

test('a family or a size that no pool has', (t) => {
  const choose = (family: 4 | 6, size?: number) => () =>
    firstFreeSubnet(DEFAULT_POOLS, [], {
      family,
      asked: 'subnets[0].subnet 0.0.0.0/7',
      instead: 'Choose another',
      ...(size ? { size } : {}),
    })
  t.throws(choose(6), {
    code: 'INVALID_ARGUMENT',
    message: /^subnets\[0\].subnet 0.0.0.0\/7: .* IPv6 subnet .*172.17.0.0\/16/,
  })
  t.throws(choose(4, 7), { code: 'INVALID_ARGUMENT', message: /room for a \/7/ })
})

test("a machine's own unique local addresses are the same every time, and another's are others", (t) => {
  const [one, other] = [ulaPool('0123456789abcdef0123456789abcdef'), ulaPool('0123456789abcdef0123456789abcdee')]
  t.deepEqual(one, ulaPool('0123456789abcdef0123456789abcdef'))
  t.notDeepEqual(one, other)
  fc.assert(
    fc.property(fc.string(), (id) => {
      const { base, size } = ulaPool(id)
      const subnet = subnetOf(base)
      t.is(size, 64)
      t.is(base, printSubnet(subnet))
      t.deepEqual([subnet.family, subnet.prefix, subnet.first >> 120n], [6, 48, 0xfdn])
    }),
  )
})

test('where no pool is IPv6, the machine has one', (t) => {
  const pools = withIpv6Pool(DEFAULT_POOLS)
  t.deepEqual(pools.slice(0, -1), DEFAULT_POOLS)
  t.regex(pools.at(-1)?.base ?? '', /^fd[0-9a-f:]+\/48$/)
  t.deepEqual(withIpv6Pool(DEFAULT_POOLS), pools)
  const own = [{ base: 'fd00::/8', size: 64 }]
  t.is(withIpv6Pool(own), own)
})
