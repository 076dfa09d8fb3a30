import { BlockList } from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import { canonicalAddress, isIp, printAddress, toValue } from '#lib/base/addresses/address.js'
import type { IpFamily } from '#lib/base/addresses/ip.js'
import {
  contains,
  covers,
  nth,
  overlap,
  parseSubnet,
  printSubnet,
  sizeOf,
  unusable,
  type Subnet,
} from '#lib/base/addresses/subnet.js'

// The model: an address is a number, a subnet what a loop over bits says. Texts are made from the number, by hand.
const bits = { 4: 32, 6: 128 } as const
const spell = (family: IpFamily, value: bigint): string =>
  family === 4
    ? [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
    : [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n].map((group) => ((value >> (16n * group)) & 0xffffn).toString(16)).join(':')
const isMapped = (family: IpFamily, value: bigint) => family === 6 && value >> 32n === 0xffffn

const family = fc.constantFrom<IpFamily>(4, 6)
/** Many zeros, as people's addresses have, so that networks meet. */
const bytes = (count: number) =>
  fc.array(fc.oneof(fc.constantFrom(0, 0, 1, 255), fc.nat(255)), { minLength: count, maxLength: count })
const value = (of: IpFamily) =>
  bytes(bits[of] / 8)
    .map((all) => all.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n))
    .filter((number) => !isMapped(of, number))
const network = family.chain((of) => fc.record({ family: fc.constant(of), value: value(of), prefix: fc.nat(bits[of]) }))
type Network = typeof network extends fc.Arbitrary<infer T> ? T : never

const modelMask = ({ family: of, prefix }: Network) => (2n ** BigInt(prefix) - 1n) << BigInt(bits[of] - prefix)
const firstOf = (of: Network) => of.value & modelMask(of)
const isIn = (of: Network, address: bigint) => (address & modelMask(of)) === firstOf(of)
// A network whose own address reads as IPv4-mapped has no text that we take.
const writable = (of: Network) => !isMapped(of.family, firstOf(of))

const read = (cidr: string): Subnet => {
  const subnet = parseSubnet(cidr)
  if (!subnet) throw new RangeError(cidr)
  return subnet
}
const cidrOf = (of: Network) => `${spell(of.family, of.value)}/${of.prefix}`

test('subnets are what the model says', (t) => {
  fc.assert(
    fc.property(network, (of) => {
      const subnet = read(cidrOf(of))
      const size = 2n ** BigInt(bits[of.family] - of.prefix)
      t.deepEqual(subnet, { family: of.family, prefix: of.prefix, first: firstOf(of), last: firstOf(of) + size - 1n })
      t.is(BigInt(sizeOf(subnet)), size)
      if (writable(of)) t.deepEqual(read(printSubnet(subnet)), subnet)
    }),
  )
})

test('contains, covers and overlap are what the model says, and what Node.js says', (t) => {
  // Neighbours: the second differs from the first in the last bits only, so that all answers come up.
  const pair = fc.oneof(
    fc.tuple(network, network),
    network.chain((a) =>
      fc
        .tuple(fc.nat(bits[a.family]), fc.nat(bits[a.family]))
        .map(([prefix, flip]) => [a, { ...a, prefix, value: a.value ^ ((1n << BigInt(flip)) >> 1n) }] as const),
    ),
  )
  fc.assert(
    fc.property(pair, ([a, b]) => {
      fc.pre(!isMapped(b.family, b.value))
      const [one, other] = [read(cidrOf(a)), read(cidrOf(b))]
      const same = a.family === b.family
      const inside = same && isIn(a, b.value)
      t.is(contains(one, spell(b.family, b.value)), inside)
      t.is(covers(one, other), same && a.prefix <= b.prefix && isIn(a, firstOf(b)))
      t.is(overlap(one, other), same && (isIn(a, firstOf(b)) || isIn(b, firstOf(a))))
      t.is(overlap(one, other), overlap(other, one))
      if (same && writable(a) && a.prefix > 0) {
        const list = new BlockList()
        list.addSubnet(spell(a.family, firstOf(a)), a.prefix, `ipv${a.family}`)
        t.is(list.check(spell(b.family, b.value), `ipv${b.family}`), inside)
      }
    }),
    { numRuns: 1000 },
  )
})

test('the nth address counts from the first, and from the end', (t) => {
  fc.assert(
    fc.property(network, fc.bigInt({ min: 0n, max: 2n ** 128n }), (of, index) => {
      const size = 2n ** BigInt(bits[of.family] - of.prefix)
      const at = index % size
      const expected = canonicalAddress(spell(of.family, firstOf(of) + at))
      if (expected === undefined) return
      t.is(nth(read(cidrOf(of)), at), expected)
      t.is(nth(read(cidrOf(of)), at - size), expected)
    }),
  )
})

test('IPv6 has one text, that of RFC 5952, and every spelling of an address leads to it', (t) => {
  fc.assert(
    fc.property(value(6), (number) => {
      const full = spell(6, number)
      // The URL standard's serializer is another writer of the same text.
      const canonical = new URL(`http://[${full}]`).hostname.slice(1, -1)
      const padded = full
        .split(':')
        .map((group) => group.padStart(4, '0'))
        .join(':')
      const dotted = `${full.split(':').slice(0, 6).join(':')}:${spell(4, number & 0xffffffffn)}`
      for (const text of [full, full.toUpperCase(), padded, canonical, dotted])
        t.is(canonicalAddress(text), canonical, text)
      t.is(toValue(canonical), number)
      t.is(printAddress(6, number), canonical)
    }),
  )
  fc.assert(fc.property(fc.ipV4(), (text) => t.is(canonicalAddress(text), text)))
})

test('what is no plain address or CIDR', (t) => {
  const wrong = [
    '',
    ' ',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.1 ',
    '0x0a000001',
    '167772161',
    'fd00',
    'fd00::1::2',
    'fd00:::',
    'fd00::g',
    '[fd00::1]',
  ]
  const otherwise = ['fe80::1%eth0', 'fd00::1%1', '::ffff:192.0.2.1', '::ffff:c000:201', '::FFFF:0:0']
  for (const text of [...wrong, ...otherwise]) {
    t.false(isIp(text), text)
    t.is(canonicalAddress(text), undefined, text)
    for (const prefix of ['0', '8', '64']) t.is(parseSubnet(`${text}/${prefix}`), undefined, text)
  }
  for (const text of [
    '10.0.0.0',
    'fd00::',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    '10.0.0.0/8 ',
    '10.0.0.0/255.0.0.0',
    '10.0.0.0/1e1',
    'fd00::/129',
    'fd00::/0128',
    'fd00::/64%1',
    '/8',
  ]) {
    t.is(parseSubnet(text), undefined, text)
  }
  t.true(isIp('::ffff:0:192.0.2.1'))
})

test('addresses that no host may have', (t) => {
  const cases: Record<string, string[]> = {
    '10.0.0.0/24': ['10.0.0.0', '10.0.0.255'],
    '10.0.0.4/30': ['10.0.0.4', '10.0.0.7'],
    '10.0.0.4/31': [],
    '10.0.0.4/32': [],
    'fd00::/64': ['fd00::'],
    'fd00::4/126': ['fd00::4'],
    'fd00::4/127': [],
    'fd00::4/128': [],
  }
  for (const [cidr, expected] of Object.entries(cases)) t.deepEqual(unusable(read(cidr)), expected, cidr)
})
