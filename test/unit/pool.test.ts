import test from 'ava'
import fc from 'fast-check'
import { AddressPool } from '#lib/claims/addresses/address-pool.js'
import { SparseBits } from '#lib/claims/addresses/sparse-bits.js'
import { nth, parseSubnet, printSubnet, sizeOf, subnetAround, type Subnet } from '#lib/base/addresses/subnet.js'
import { toValue } from '#lib/base/addresses/address.js'

const subnetOf = (cidr: string): Subnet => {
  const subnet = parseSubnet(cidr)
  if (!subnet) throw new RangeError(cidr)
  return subnet
}

/** What may happen to a pool, with a number that says to which address. */
const step = fc.record({
  what: fc.constantFrom('take', 'take', 'takeThis', 'settle', 'release', 'learn', 'other takes', 'other gives back'),
  which: fc.nat(127),
})
/** A subnet of at most 64 addresses, or a /64 of which the first 64 are looked at, and a range in it. */
const ground = fc
  .oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 26, max: 32 })).map(([address, prefix]) => subnetOf(`${address}/${prefix}`)),
    fc
      .tuple(fc.nat(0xffff), fc.constantFrom(64, 122, 123, 124, 125, 126, 127, 128))
      .map(([group, prefix]) => subnetOf(`fd00:0:0:${group.toString(16)}::${group.toString(16)}/${prefix}`)),
  )
  .chain((subnet) => {
    const length = subnet.family === 4 ? 32 : 128
    const least = Math.max(subnet.prefix, length - 6)
    return fc.record({
      subnet: fc.constant(subnet),
      range: fc
        .tuple(fc.nat(63), fc.integer({ min: least, max: length }), fc.boolean())
        .map(([index, prefix, whole]) =>
          whole
            ? subnet
            : subnetAround(subnet.family, subnet.first + BigInt(index % Math.min(64, sizeOf(subnet))), prefix),
        ),
      gateway: fc.nat(63),
      aux: fc.array(fc.nat(63), { maxLength: 3 }),
    })
  })

test('no sequence of calls makes a pool give an address twice, lose one, or give a reserved one', (t) => {
  fc.assert(
    fc.property(ground, fc.array(step, { maxLength: 200 }), ({ subnet, range, gateway, aux }, steps) => {
      const length = subnet.family === 4 ? 32 : 128
      const looked = Array.from({ length: Math.min(64, sizeOf(subnet)) }, (_, index) => nth(subnet, index))
      const at = (index: number) => looked[index % looked.length] ?? ''
      const reserved = [at(gateway), ...aux.map(at)]
      const pool = new AddressPool(subnet, range, reserved)
      const edges =
        subnet.prefix > length - 2 ? [] : subnet.family === 4 ? [nth(subnet, 0), nth(subnet, -1)] : [nth(subnet, 0)]
      const never = new Set([...edges, ...reserved])
      const drawn = looked.filter((address) => toValue(address) >= range.first && toValue(address) <= range.last)
      // What this process has begun with, what the kernel has, and what the pool knows of that: what it was told last,
      // and what this process did since.
      const begun = new Set<string>()
      const claimed = new Set<string>()
      let known = new Set<string>()
      const held = (address: string) => never.has(address) || begun.has(address) || known.has(address)
      let turn = 0

      for (const { what, which } of steps) {
        const address = at(which)
        if (what === 'take') {
          const expected = [...drawn.slice(turn), ...drawn.slice(0, turn)].find((candidate) => !held(candidate))
          const given = pool.take()
          // Of a whole /64 more are free than we look at.
          if (expected === undefined && sizeOf(range) > 64) return
          t.is(given, expected)
          if (given === undefined) continue
          turn = (drawn.indexOf(given) + 1) % drawn.length
          begun.add(given)
          // At the end of those that we look at, a /64 goes on.
          if (turn === 0 && sizeOf(range) > 64) return
        } else if (what === 'takeThis') {
          t.is(pool.takeThis(address), !held(address))
          if (!held(address)) begun.add(address)
        } else if (what === 'settle' && begun.has(address) && !claimed.has(address)) {
          pool.settle(address)
          begun.delete(address)
          claimed.add(address)
          known.add(address)
        } else if (what === 'release') {
          pool.release(address)
          if (!begun.delete(address)) claimed.delete(address)
          known.delete(address)
        } else if (what === 'learn') {
          pool.learn([...claimed, '192.0.2.1', 'fd00:ffff::1'])
          known = new Set(claimed)
        } else if (what === 'other takes' && !never.has(address)) {
          claimed.add(address)
        } else if (what === 'other gives back') {
          claimed.delete(address)
        }
      }
      for (const address of looked) t.is(pool.takeThis(address), !held(address), `${address} of ${printSubnet(subnet)}`)
    }),
    { numRuns: 1000 },
  )
})

test('a pool gives all of its range, in turn, and a released address last', (t) => {
  for (const [subnet, range, at] of [
    ['10.0.0.0/24', '10.0.0.64/30', (index: number) => `10.0.0.${index}`],
    ['fd00::/64', 'fd00::40/126', (index: number) => `fd00::${index.toString(16)}`],
  ] as const) {
    const pool = new AddressPool(subnetOf(subnet), subnetOf(range), [at(1), at(65)])
    t.deepEqual([pool.take(), pool.take()], [at(64), at(66)])
    pool.release(at(64))
    t.deepEqual([pool.take(), pool.take(), pool.take()], [at(67), at(64), undefined])
    t.true(pool.takeThis(at(2)))
    t.false(pool.takeThis(at(2)))
    t.false(pool.takeThis(at(1)))
    pool.release(at(65))
    t.is(pool.take(), undefined)
    t.true(pool.covers(at(254)))
  }
})

test('a pool knows what belongs to its subnet', (t) => {
  const pool = new AddressPool(subnetOf('10.0.0.0/30'), subnetOf('10.0.0.0/30'), [])
  for (const address of ['10.0.0.4', '9.255.255.255', 'fd00::1']) {
    t.false(pool.covers(address))
    t.false(pool.takeThis(address))
  }
  pool.learn(['10.0.1.1', '10.0.0.1', 'fd00::2'])
  t.deepEqual([pool.take(), pool.take()], ['10.0.0.2', undefined])
  t.throws(() => new AddressPool(subnetOf('10.0.0.0/30'), subnetOf('10.0.0.0/29'), []), { instanceOf: RangeError })
})

test('a subnet of one or two addresses has no network, broadcast or anycast address', (t) => {
  const all = (cidr: string) => {
    const pool = new AddressPool(subnetOf(cidr), subnetOf(cidr), [])
    return [pool.take(), pool.take(), pool.take()]
  }
  t.deepEqual(all('10.0.0.0/31'), ['10.0.0.0', '10.0.0.1', undefined])
  t.deepEqual(all('10.0.0.0/32'), ['10.0.0.0', undefined, undefined])
  t.deepEqual(all('10.0.0.0/30'), ['10.0.0.1', '10.0.0.2', undefined])
  t.deepEqual(all('fd00::/127'), ['fd00::', 'fd00::1', undefined])
  t.deepEqual(all('fd00::/128'), ['fd00::', undefined, undefined])
  t.deepEqual(all('fd00::/126'), ['fd00::1', 'fd00::2', 'fd00::3'])
})

test('an astronomical range is a range like any other', (t) => {
  const pool = new AddressPool(subnetOf('2000::/3'), subnetOf('2000::/3'), [])
  t.deepEqual([pool.take(), pool.take()], ['2000::1', '2000::2'])
  // In front of, at and behind the number of addresses that are drawn.
  for (const address of [
    '2000::1f:ffff:ffff:ffff',
    '2000::20:0:0:0',
    '2000::20:0:0:1',
    '3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ]) {
    t.true(pool.takeThis(address), address)
    t.false(pool.takeThis(address), address)
    pool.release(address)
    t.true(pool.takeThis(address), address)
  }
  const claimed = Array.from({ length: 3000 }, (_, index) => nth(subnetOf('2000::/3'), index))
  pool.learn(claimed)
  t.is(pool.take(), nth(subnetOf('2000::/3'), 3000))
})

test('a pool of 65,533 that is full but for one gives that one, every time', (t) => {
  const subnet = subnetOf('172.17.0.0/16')
  const pool = new AddressPool(subnet, subnet, ['172.17.0.1'])
  const given = Array.from({ length: 65533 }, () => pool.take() ?? '')
  t.is(new Set(given).size, 65533)
  for (let index = 0; index < given.length; index += 101) {
    const address = given[index] ?? ''
    t.is(pool.take(), undefined)
    pool.release(address)
    t.is(pool.take(), address)
  }
})

test('sparse bits are a set', (t) => {
  const number = fc.oneof(
    fc.nat(70),
    fc.integer({ min: 960, max: 1100 }),
    fc.integer({ min: 2 ** 40 - 3, max: 2 ** 40 + 3 }),
  )
  const change = fc.record({ what: fc.constantFrom('add', 'delete', 'fill'), number })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), number, (changes, from) => {
      const bits = new SparseBits()
      const model = new Set<number>()
      for (const { what, number: at } of changes) {
        if (what === 'delete') {
          bits.delete(at)
          model.delete(at)
        }
        for (let next = at; next < at + (what === 'fill' ? 1500 : what === 'add' ? 1 : 0); next++) {
          t.is(bits.add(next), !model.has(next))
          model.add(next)
        }
      }
      let expected = from
      while (model.has(expected)) expected++
      t.is(bits.nextAbsent(from, 2 ** 53), expected)
      t.is(bits.nextAbsent(from, expected), undefined)
      t.is(bits.has(from), model.has(from))
      bits.clear()
      t.is(bits.nextAbsent(from, from + 1), from)
    }),
  )
})
