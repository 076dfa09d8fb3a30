import test from 'ava'
import {
  admissionKeys,
  closeElements,
  mapOf,
  openElements,
  publishElements,
  unpublishElements,
} from '#lib/policy/elements.js'
import { networkElements } from '#lib/policy/network-elements.js'
import type { NetworkRules } from '#lib/policy/network-elements.js'
import { rulesetPlan } from '#lib/policy/ruleset.js'
import type { ElementAdd, ElementDelete } from '#lib/plan/operation.js'
import type { PortMapping } from '#lib/base/port-mapping.js'

const targets = { 4: { address: '172.17.0.2', id: '0001' }, 6: { address: 'fd00::2', id: '0100' } }
const http: PortMapping = { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }
const http6: PortMapping = { ...http, hostIp: '::' }
const whole: PortMapping = { protocol: 'all', containerPort: 0, hostIp: '192.0.2.5', hostPort: 0 }

const print = (operations: readonly (ElementAdd | ElementDelete)[]) =>
  operations.flatMap(({ set, elements }) => elements.map(({ key, data }) => `${set} ${key}${data ? ` : ${data}` : ''}`))

test('a mapping stands in the map of its IP version and kind', (t) => {
  const names = [
    http,
    http6,
    { ...http, hostIp: '192.0.2.1' },
    { ...http, hostIp: '2001:db8::1' },
    whole,
    { ...whole, hostIp: '2001:db8::5' },
  ].map((mapping) => mapOf(mapping).set)
  t.deepEqual(names, ['published4', 'published6', 'published_at4', 'published_at6', 'whole4', 'whole6'])
})

test('a mapping leads to the address of its IP version', (t) => {
  t.deepEqual(print(publishElements([http, http6, whole], targets, 'app')), [
    'published4 tcp . 8080 : 172.17.0.2 . 80',
    'published6 tcp . 8080 : fd00::2 . 80',
    'whole4 192.0.2.5 : 172.17.0.2',
    'zones_whole4 192.0.2.5 : 2',
  ])
  t.throws(() => publishElements([http6], { 4: targets[4] }, 'app'), { instanceOf: RangeError })
})

test('a port has a zone, unless it is of TCP', (t) => {
  const udp: PortMapping = { ...http, protocol: 'udp' }
  t.deepEqual(
    print(publishElements([udp, { ...udp, hostIp: '::' }, { ...udp, hostIp: '192.0.2.1' }], targets, 'app')),
    [
      'published4 udp . 8080 : 172.17.0.2 . 80',
      'zoned4 udp . 8080',
      'zones4 udp . 8080 : 82',
      'errors4 8080 : 82',
      'published6 udp . 8080 : fd00::2 . 80',
      'zoned6 udp . 8080',
      'zones6 udp . 8080 : 337',
      'errors6 8080 : 337',
      'published_at4 192.0.2.1 . udp . 8080 : 172.17.0.2 . 80',
      'zones_at4 192.0.2.1 . udp . 8080 : 82',
      'errors_at4 192.0.2.1 . 8080 : 82',
    ],
  )
})

test('an allow-list restricts a port, and admits the networks of its IP version', (t) => {
  const allow = ['10.0.0.0/8', '2001:db8::/32']
  t.deepEqual(admissionKeys(http), [])
  t.deepEqual(print(publishElements([{ ...http, allow }], targets, 'app')), [
    'published4 tcp . 8080 : 172.17.0.2 . 80',
    'restricted4 tcp . 8080',
    'admitted4 0.0.0.0/0 . tcp . 8080 . 10.0.0.0/8',
  ])
  t.deepEqual(
    admissionKeys({ ...http6, allow }).map(([set, key]) => `${set.set} ${key}`),
    ['restricted6 tcp . 8080', 'admitted6 ::/0 . tcp . 8080 . 2001:db8::/32'],
  )
  // Nobody of this IP version.
  t.deepEqual(
    admissionKeys({ ...http, allow: ['2001:db8::/32'] }).map(([set]) => set.set),
    ['restricted4'],
  )
})

test('what is taken back is what was added', (t) => {
  const mappings = [{ ...http, allow: ['10.0.0.0/8'] }, http6, whole]
  t.deepEqual(
    unpublishElements(mappings, targets, 'app'),
    publishElements(mappings, targets, 'app').map((operation) => ({ ...operation, op: 'element.delete' })),
  )
})

test('a port of a sandbox is open once, however many mappings lead to it, until the last has gone', (t) => {
  const again = { ...http, hostPort: 8081 }
  t.deepEqual(print(openElements([http, again, http6, whole], [], targets, 'app')), [
    'open4 172.17.0.2 . tcp . 80',
    'open6 fd00::2 . tcp . 80',
  ])
  t.deepEqual(openElements([again], [http], targets, 'app'), [])
  t.deepEqual(closeElements([again], [http], targets, 'app'), [])
  t.deepEqual(print(closeElements([again], [http6], targets, 'app')), ['open4 172.17.0.2 . tcp . 80'])
})

const network: NetworkRules = {
  bridge: 'br0',
  mac: '02:42:0a:01:00:01',
  subnets: [
    { family: 4, subnet: '10.1.0.0/24' },
    { family: 6, subnet: 'fd00:1::/64' },
  ],
  families: { 4: { mode: 'nat', masquerade: true }, 6: { mode: 'nat', masquerade: true } },
  internal: false,
  icc: true,
  trusted: [],
}
const always = ['bridges br0', 'same_network4 10.1.0.0/24 . br0', 'same_network6 fd00:1::/64 . br0']
const both = (rules: NonNullable<NetworkRules['families'][4]>): Partial<NetworkRules> => ({
  families: { 4: rules, 6: rules },
})

const networks: Record<string, [Partial<NetworkRules>, string[]]> = {
  'as docker makes it': [{}, [...always, 'icc br0 . br0', 'masqueraded4 br0', 'masqueraded6 br0']],
  'without icc': [{ icc: false }, [...always, 'gates 02:42:0a:01:00:01', 'masqueraded4 br0', 'masqueraded6 br0']],
  'without masquerade': [both({ mode: 'nat', masquerade: false }), [...always, 'icc br0 . br0']],
  internal: [
    { internal: true, ...both({ mode: 'isolated', masquerade: true }) },
    [...always, 'icc br0 . br0', 'internal br0'],
  ],
  'routed, where nothing is translated': [
    both({ mode: 'routed', masquerade: true, source: '192.0.2.1' }),
    [...always, 'icc br0 . br0', 'routed4 br0', 'routed6 br0'],
  ],
  'nat-unprotected': [
    both({ mode: 'nat-unprotected', masquerade: true }),
    [...always, 'icc br0 . br0', 'masqueraded4 br0', 'unprotected4 br0', 'masqueraded6 br0', 'unprotected6 br0'],
  ],
  'an address of choice': [
    {
      families: { 4: { mode: 'nat', masquerade: true, source: '192.0.2.7' }, 6: { mode: 'routed', masquerade: true } },
    },
    [...always, 'icc br0 . br0', 'masqueraded4 br0', 'source4 br0 : 192.0.2.7', 'routed6 br0'],
  ],
  'an address of choice, and no masquerade': [
    both({ mode: 'nat', masquerade: false, source: '192.0.2.7' }),
    [...always, 'icc br0 . br0'],
  ],
  'trusted interfaces': [
    { trusted: ['eth1', 'eth2'] },
    [...always, 'icc br0 . br0', 'masqueraded4 br0', 'masqueraded6 br0', 'trusted eth1 . br0', 'trusted eth2 . br0'],
  ],
  'one IP version': [
    {
      subnets: [
        { family: 4, subnet: '10.1.0.0/24' },
        { family: 4, subnet: '10.2.0.0/24' },
      ],
    },
    [
      'bridges br0',
      'same_network4 10.1.0.0/24 . br0',
      'same_network4 10.2.0.0/24 . br0',
      'icc br0 . br0',
      'masqueraded4 br0',
    ],
  ],
}

for (const [title, [change, elements]] of Object.entries(networks)) {
  test(`a network: ${title}`, (t) => {
    t.deepEqual(
      networkElements({ ...network, ...change }).map(
        ([set, { key, data }]) => `${set.set} ${key}${data ? ` : ${data}` : ''}`,
      ),
      elements,
    )
  })
}

test('every rule says what it is for, in the 128 bytes that nft allows', (t) => {
  for (const operation of rulesetPlan()) {
    if (operation.op !== 'rule.add' && operation.op !== 'set.add') continue
    t.truthy(operation.comment, JSON.stringify(operation))
    t.true(Buffer.byteLength(operation.comment ?? '') <= 128, operation.comment)
  }
})
