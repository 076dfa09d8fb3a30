import test from 'ava'
import fc from 'fast-check'
import { toValue } from '#lib/base/addresses/address.js'
import { linkLocalOf, macOf } from '#lib/base/addresses/mac.js'

test('a MAC is made of the address', (t) => {
  t.is(macOf('172.17.0.2'), '02:42:ac:11:00:02')
  t.is(macOf('255.255.255.255'), '02:42:ff:ff:ff:ff')
  t.is(macOf('fd00::1'), '02:42:00:00:00:01')
  t.is(macOf('fd00:1:2:3:4:5:c0a8:102'), '02:42:c0:a8:01:02')
})

test('the link-local address is the one that the kernel would make', (t) => {
  t.is(linkLocalOf('02:42:ac:11:00:02'), 'fe80::42:acff:fe11:2')
  t.is(linkLocalOf('52:54:00:12:34:56'), 'fe80::5054:ff:fe12:3456')
  t.is(linkLocalOf('00:00:00:00:00:00'), 'fe80::200:ff:fe00:0')
  t.is(linkLocalOf('FF:ff:ff:ff:ff:ff'), 'fe80::fdff:ffff:feff:ffff')
  const mac = fc.array(fc.nat(255), { minLength: 6, maxLength: 6 })
  fc.assert(
    fc.property(mac, (bytes) => {
      const value = toValue(linkLocalOf(bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')))
      const eight = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(56 - 8 * index)) & 255n))
      t.is(value >> 64n, 0xfe80n << 48n)
      t.deepEqual(eight, [(bytes[0] ?? 0) ^ 2, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]])
    }),
  )
})
