import { constants } from 'node:os'
import test from 'ava'
import { encodePlan } from '#lib/kernel/native.js'
import type { Operation } from '#lib/plan/operation.js'
import { splitMessages } from '../helpers/netlink.js'

// What is longer than the kernel takes it is an error that says so: it overwrites nothing, and is not cut off.

const { EAFNOSUPPORT, EINVAL, EMSGSIZE, ENAMETOOLONG } = constants.errno

/** What has to be known of a namespace to lead into it. */
const numbers = { '/n': 3 }

const long = (length: number) => 'x'.repeat(length)
const inet = { family: 'inet', table: 'slipway' } as const
const element = (comment: string): Operation => ({
  ...inet,
  op: 'element.add',
  set: 's',
  type: 'ipv4_addr',
  elements: [{ key: '192.0.2.1', comment }],
})
const rule = (comment: string, statements: number): Operation => ({
  ...inet,
  op: 'rule.add',
  chain: 'c',
  comment,
  statements: Array.from({ length: statements }, () => ({ counter: true })),
})

/** What is measured, how long it may be, and an operation with one of that length. */
const texts: [what: string, most: number, make: (text: string) => Operation][] = [
  ['name of a link', 15, (name) => ({ op: 'link.create', name, kind: 'bridge' })],
  [
    "name of a veth's other end",
    15,
    (name) => ({ op: 'link.create', name: 'v', kind: 'veth', peer: { name, netns: '/n' } }),
  ],
  ['kind', 55, (kind) => ({ op: 'link.create', name: 'v', kind }) as Operation],
  ['name of what is changed', 15, (name) => ({ op: 'link.set', name, up: true })],
  ['alias', 255, (alias) => ({ op: 'link.set', name: 'v', alias })],
  ['name of what is deleted', 15, (name) => ({ op: 'link.delete', name })],
  ['name of what is waited for', 15, (name) => ({ op: 'link.settle', name })],
  ['name of a table', 255, (table) => ({ ...inet, op: 'table.delete', table })],
  ['comment of a table', 253, (comment) => ({ ...inet, op: 'table.add', comment })],
  ['name of a chain', 255, (chain) => ({ ...inet, op: 'chain.add', chain })],
  ['comment of a chain', 253, (comment) => ({ ...inet, op: 'chain.add', chain: 'c', comment })],
  ['name of a set', 255, (set) => ({ ...inet, op: 'set.add', set, type: 'ipv4_addr' })],
  ['comment of a set', 247, (comment) => ({ ...inet, op: 'set.add', set: 's', type: 'ipv4_addr', comment })],
  [
    'comment of a map',
    241,
    (comment) => ({ ...inet, op: 'set.add', set: 's', type: 'ipv4_addr', dataType: 'ipv4_addr', comment }),
  ],
  [
    'set of an element',
    255,
    (set) => ({ ...inet, op: 'element.delete', set, type: 'ipv4_addr', elements: [{ key: '192.0.2.1' }] }),
  ],
  ['comment of an element', 253, element],
  ['comment of a rule', 253, (comment) => rule(comment, 1)],
  [
    'chain that a rule jumps to',
    255,
    (chain) => ({ ...inet, op: 'rule.add', chain: 'c', comment: '', statements: [{ verdict: `jump ${chain}` }] }),
  ],
  [
    'set that a rule looks into',
    255,
    (value) => ({
      ...inet,
      op: 'rule.add',
      chain: 'c',
      comment: '',
      statements: [{ match: ['iifname'], operation: 'in', value }],
    }),
  ],
]

for (const [what, most, make] of texts) {
  test(`${what}: ${most} bytes at most`, (t) => {
    t.is(splitMessages(encodePlan([make(long(most))], numbers)).length, 1)
    for (const length of [most + 1, most * 4, 70_000])
      t.like(failureOf(make(long(length))), { errno: ENAMETOOLONG, syscall: make('').op })
    t.throws(() => encodePlan([make('x\0y')], numbers), { message: /NUL/ })
  })
}

test('a rule has as many steps as the kernel takes, and no more', (t) => {
  t.is(splitMessages(encodePlan([rule(long(253), 128)], {})).length, 1)
  for (const steps of [129, 3_000]) t.like(failureOf(rule('', steps)), { errno: EMSGSIZE, syscall: 'rule.add' })
})

test('a family that we do not know, and a name that is empty, are not all of them', (t) => {
  t.is(failureOf({ op: 'table.delete', family: 'arp' as 'inet', table: 'slipway' }).errno, EAFNOSUPPORT)
  t.is(failureOf({ op: 'table.delete', family: 'inet', table: '' }).errno, EINVAL)
})

test('a word that means nothing is refused, and not taken for another', (t) => {
  const chain = (policy: string) =>
    ({ ...inet, op: 'chain.add', chain: 'c', type: 'filter', hook: 'forward', priority: 0, policy }) as Operation
  const one = (statement: object) =>
    ({ ...inet, op: 'rule.add', chain: 'c', comment: '', statements: [statement] }) as Operation
  const nat = { nat: 'dnat', family: 'ip', match: ['ip saddr'], value: 'm' }
  for (const good of [
    chain('drop'),
    chain('accept'),
    one({ match: ['iifname'], operation: '!=', value: 'v' }),
    one(nat),
  ])
    t.true(encodePlan([good], {}).length > 0)
  const wrong = [
    chain('dorp'),
    { ...chain('drop'), ...({ hook: 'x' } as object) },
    one({ match: ['iifname'], operation: '=', value: 'v' }),
    one({ match: ['iifname'], operation: '', value: 'v' }),
    one({ verdict: 'dorp' }),
    one({ ...nat, nat: 'natd' }),
    one({ ...nat, family: 'ipv4' }),
    one({ match: ['oifnaem'], operation: '==', value: 'v' }),
    { op: 'address.add', link: 'v', address: 'x/24' },
    { op: 'address.add', link: 'v', address: '10.0.0.1/33' },
    { op: 'route.add', destination: '10.0.0.0/8', gateway: 'x' },
    { op: 'neighbor.add', link: 'v', address: 'x', lladdr: '02:00:00:00:00:01' },
    { op: 'neighbor.add', link: 'v', address: '10.0.0.1', lladdr: '02' },
    { op: 'link.create', name: 'v', kind: 'bridge', address: '02:00' },
    { op: 'link.create', name: 'm', kind: 'macvlan', link: 'v', mode: 'l2' },
    { op: 'link.create', name: 'm', kind: 'macvlan', link: 'v', flag: 'private' },
    { op: 'link.create', name: 'i', kind: 'ipvlan', link: 'v', mode: 'bridge' },
    { op: 'link.create', name: 'i', kind: 'ipvlan', link: 'v', mode: 'l2', flag: 'passthru' },
    { op: 'link.create', name: 'b', kind: 'bridge', mode: 'bridge' },
    { op: 'link.create', name: 'd', kind: 'dummy', id: 5 },
    { op: 'link.create', name: 'v.5', kind: 'vlan', link: 'v', id: 65536 },
    { op: 'link.create', name: 'v.5', kind: 'vlan', link: 'nowhere', id: 5 },
    { op: 'link.create', name: 'm', kind: 'macvlan', link: 'v', looseBinding: true },
    { ...inet, op: 'element.add', set: 's', type: 'ipv4_adr', elements: [{ key: '10.0.0.1' }] },
    { ...inet, op: 'element.add', set: 's', type: 'ipv4_addr', elements: [{ key: '10.0.0' }] },
  ] as Operation[]
  for (const operation of wrong) t.throws(() => encodePlan([operation], { v: 2 }), undefined, JSON.stringify(operation))
})

test('the end of a field within a field is refused: all behind it would be read as other fields', (t) => {
  t.throws(() => encodePlan([{ op: 'link.set', name: 'v', alias: 'one\x1ftwo' }], {}), { message: /0x1f/ })
})

test('an alias that is empty is refused: nothing would be sent, as if there were none', (t) => {
  t.throws(() => encodePlan([{ op: 'link.set', name: 'v', alias: '' }], { v: 2 }), { message: /alias is empty/ })
  t.true(encodePlan([{ op: 'link.set', name: 'v', alias: 'x' }], { v: 2 }).length > 0)
})

function failureOf(operation: Operation): { errno: number; syscall: string } {
  try {
    encodePlan([operation], numbers)
  } catch (error) {
    return (error as { failure: { errno: number; syscall: string } }).failure
  }
  throw new Error(`${operation.op} was written`)
}
