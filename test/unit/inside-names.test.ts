import test from 'ava'
import { addressesIn } from '#lib/inside/names/hosts-file.js'
import { bySource } from '#lib/inside/names/order.js'
import { candidates, readStub } from '#lib/inside/names/stub.js'

/** How a sandbox's names are looked up: its hosts, its resolv.conf, and which address comes first. */

const HOSTS = `127.0.0.1 localhost
# 192.0.2.1 db
192.0.2.2\tDB db.lab # and no more: app
fd00::2 db
not-an-address db
192.0.2.2 db
192.0.2.3 app`

test('hosts has all addresses of a name, in whichever case that is written', (t) => {
  t.deepEqual(addressesIn(HOSTS, 'db'), ['192.0.2.2', 'fd00::2'])
  t.deepEqual(addressesIn(HOSTS, 'Db.LAB'), ['192.0.2.2'])
  t.deepEqual(addressesIn(HOSTS, 'app'), ['192.0.2.3'])
  t.deepEqual(addressesIn(HOSTS, 'nobody'), [])
})

test('resolv.conf is read as glibc reads it, with its limits', (t) => {
  const plain = { search: [], ndots: 1, timeout: 5000, attempts: 2, rotate: false, tcp: false, edns: false, ipv6: true }
  t.deepEqual(readStub('', 'app'), { nameservers: ['127.0.0.1'], ...plain })
  t.deepEqual(readStub('nameserver 192.0.2.1', 'app.lab.test'), {
    ...plain,
    nameservers: ['192.0.2.1'],
    search: ['lab.test'],
  })
  const text = `nameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver 192.0.2.3\nnameserver 192.0.2.4
search lab.test corp.test
options ndots:99 timeout:0 attempts:9 rotate use-vc edns0 no-aaaa ndots:x`
  t.deepEqual(readStub(text, 'app.other'), {
    nameservers: ['192.0.2.1', 'fe80::1%eth0', '192.0.2.3'],
    search: ['lab.test', 'corp.test'],
    ndots: 1,
    timeout: 1000,
    attempts: 5,
    rotate: true,
    tcp: true,
    edns: true,
    ipv6: false,
  })
  t.is(readStub('options ndots:99', '').ndots, 15)
})

test('a name is tried with the search domains before or after it is tried alone', (t) => {
  const search = ['lab', 'corp.test.']
  for (const [name, ndots, expected] of [
    ['db', 1, 'db.lab db.corp.test db'],
    ['db.x', 1, 'db.x db.x.lab db.x.corp.test'],
    ['db.x', 2, 'db.x.lab db.x.corp.test db.x'],
    ['db', 0, 'db db.lab db.corp.test'],
    ['db.', 5, 'db'],
  ] as const)
    t.is(candidates(name, { search, ndots }).join(' '), expected, name)
})

/** Addresses, each with the one that it would be reached from, and the order in which they are tried. */
const ORDERS: readonly (readonly [given: Record<string, string | undefined>, expected: string])[] = [
  [{ '192.0.2.1': '192.0.2.9', '2001:db8::1': '2001:db8::9' }, '2001:db8::1 192.0.2.1'],
  [{ '192.0.2.1': '192.0.2.9', '2001:db8::1': undefined }, '192.0.2.1 2001:db8::1'],
  [{ '2001:db8::1': 'fd00::9', '192.0.2.1': '192.0.2.9' }, '192.0.2.1 2001:db8::1'],
  [{ '192.0.2.1': '192.0.2.9', 'fd00::1': 'fd00::9' }, 'fd00::1 192.0.2.1'],
  [
    { '192.0.2.1': 'x', '192.0.2.2': 'x', '2001:db8::1': 'y', '2001:db8::2': 'y' },
    '2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2',
  ],
  [{ '192.0.2.1': undefined, '2001:db8::1': undefined }, '192.0.2.1 2001:db8::1'],
]

test('addresses that can be reached come first, both families in turn', (t) => {
  for (const [given, expected] of ORDERS) {
    const found = Object.entries(given).map(([address, source]) => ({ address, source }))
    t.is(bySource(found).join(' '), expected)
  }
})
