import test from 'ava'
import fc from 'fast-check'
import { SlipwayError } from 'slipway'
import { AddressPool } from '#lib/ipam/address-pool.js'
import { bridgeAddresses, DEFAULT_POOLS, firstFreeSubnet, type Occupied } from '#lib/ipam/default-subnet.js'
import { contains, overlap, parseSubnet, printSubnet, toNumber, toText, type Subnet } from '#lib/ipam/ipv4.js'

const subnetOf = (cidr: string): Subnet => {
  const subnet = parseSubnet(cidr)
  if (!subnet) throw new RangeError(cidr)
  return subnet
}
const cidr = (min: number, max: number) => fc.tuple(fc.ipV4(), fc.integer({ min, max })).map(([address, prefix]) => `${address}/${prefix}`)

/** What may happen to a pool, with a number that says to which address. */
const step = fc.record({ what: fc.constantFrom('take', 'takeThis', 'settle', 'release', 'learn', 'other takes', 'other gives back'), which: fc.nat(63) })

test('no sequence of calls makes a pool give an address twice, or lose one', (t) => {
  fc.assert(
    fc.property(cidr(26, 30), fc.array(step, { maxLength: 200 }), fc.nat(63), (text, steps, gatewayNumber) => {
      const subnet = subnetOf(text)
      const size = subnet.last - subnet.first + 1
      const at = (index: number) => toText(subnet.first + (index % size))
      const gateway = at(gatewayNumber)
      const pool = new AddressPool(subnet, subnet, [gateway])
      const never = new Set([toText(subnet.first), toText(subnet.last), gateway])
      // What this process has begun with, and what the kernel has.
      const begun = new Set<string>()
      const claimed = new Set<string>()
      // What the pool knows of the kernel: what it was told last, and what this process did since.
      let known = new Set<string>()
      const held = (address: string) => never.has(address) || begun.has(address) || known.has(address)

      for (const { what, which } of steps) {
        const address = at(which)
        if (what === 'take') {
          const given = pool.take()
          if (given === undefined) {
            t.true(Array.from({ length: size }, (_, index) => at(index)).every(held))
          } else {
            t.false(held(given), given)
            begun.add(given)
          }
        } else if (what === 'takeThis') {
          t.is(pool.takeThis(address), !held(address))
          if (!held(address)) begun.add(address)
        } else if (what === 'settle' && begun.has(address) && !claimed.has(address)) {
          pool.settle(address)
          begun.delete(address)
          claimed.add(address)
          known.add(address)
        } else if (what === 'release' && (begun.has(address) || known.has(address))) {
          pool.release(address)
          if (!begun.delete(address)) claimed.delete(address)
          known.delete(address)
        } else if (what === 'learn') {
          pool.learn([...claimed])
          known = new Set(claimed)
        } else if (what === 'other takes' && !never.has(address)) {
          claimed.add(address)
        } else if (what === 'other gives back') {
          claimed.delete(address)
        }
      }
    }),
  )
})

test('a pool gives all of its range, in turn, and a released address last', (t) => {
  const pool = new AddressPool(subnetOf('10.0.0.0/24'), subnetOf('10.0.0.64/30'), ['10.0.0.1', '10.0.0.65'])
  t.deepEqual([pool.take(), pool.take()], ['10.0.0.64', '10.0.0.66'])
  pool.release('10.0.0.64')
  t.deepEqual([pool.take(), pool.take(), pool.take()], ['10.0.0.67', '10.0.0.64', undefined])
  t.true(pool.takeThis('10.0.0.2'))
  t.true(pool.covers('10.0.0.255'))
  t.false(pool.covers('10.0.1.0'))
})

test('a subnet of one or two addresses has no network and no broadcast address', (t) => {
  const pool = new AddressPool(subnetOf('10.0.0.0/31'), subnetOf('10.0.0.0/31'), ['10.0.0.0'])
  t.deepEqual([pool.take(), pool.take()], ['10.0.0.1', undefined])
})

test('addresses and subnets are printed as they were read', (t) => {
  fc.assert(fc.property(fc.ipV4(), (text) => t.is(toText(toNumber(text)), text)))
  fc.assert(
    fc.property(cidr(0, 32), (text) => {
      const subnet = subnetOf(text)
      t.true(contains(subnet, toNumber(text.split('/')[0] ?? '')))
      t.is(subnet.last - subnet.first + 1, 2 ** (32 - subnet.prefix))
      t.deepEqual(parseSubnet(printSubnet(subnet)), subnet)
    }),
  )
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/8/8', ' 10.0.0.0/8', 'fe80::/64', '010.0.0.0/8', '10.0.0.0/-1', '']) t.is(parseSubnet(text), undefined, text)
})

const occupied = (texts: readonly string[]): Occupied[] => texts.map((text) => ({ subnet: subnetOf(text), what: `route ${text}` }))

test('the first free subnet is free, of a pool, and none before it is free', (t) => {
  fc.assert(
    fc.property(fc.array(cidr(8, 28), { maxLength: 30 }), fc.array(fc.constantFrom(...DEFAULT_POOLS.map(({ base }) => base)), { maxLength: 6 }), (some, bases) => {
      const taken = occupied([...some, ...bases])
      const isFree = (subnet: Subnet) => !taken.some((other) => overlap(other.subnet, subnet))
      const all = DEFAULT_POOLS.flatMap(({ base, size }) => {
        const { first, last } = subnetOf(base)
        const step = 2 ** (32 - size)
        return Array.from({ length: (last - first + 1) / step }, (_, index) => ({ first: first + index * step, last: first + (index + 1) * step - 1, prefix: size }))
      })
      const expected = all.find(isFree)
      if (expected) t.deepEqual(firstFreeSubnet(DEFAULT_POOLS, taken), expected)
      else t.throws(() => firstFreeSubnet(DEFAULT_POOLS, taken), { instanceOf: SlipwayError, code: 'EXHAUSTED' })
    }),
  )
})

test('the bridge lies in its subnet, and so do range and gateway', (t) => {
  fc.assert(
    fc.property(cidr(8, 32), fc.array(cidr(4, 30), { maxLength: 4 }), (bip, others) => {
      const [address = ''] = bip.split('/')
      try {
        const { subnet, bridge, range, gateway } = bridgeAddresses({ bip, defaultAddressPools: DEFAULT_POOLS }, occupied(others))
        t.deepEqual({ bridge, gateway, range, subnet }, { bridge: address, gateway: address, range: subnetOf(bip), subnet: subnetOf(bip) })
        t.false(others.some((other) => overlap(subnetOf(other), subnet)))
      } catch (error) {
        t.true(error instanceof SlipwayError)
        const { first, last, prefix } = subnetOf(bip)
        const edge = prefix < 31 && [first, last].includes(toNumber(address))
        t.is((error as SlipwayError).code, edge ? 'INVALID_ARGUMENT' : 'CONFLICT')
        t.true(edge || others.some((other) => overlap(subnetOf(other), subnetOf(bip))))
      }
    }),
  )
  t.like(bridgeAddresses({ defaultAddressPools: DEFAULT_POOLS }, occupied(['172.17.5.0/24'])), { bridge: '172.18.0.1', gateway: '172.18.0.1' })
})
