import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { readDaemonConfig, SlipwayError } from '#lib/index.js'

function file(t: ExecutionContext, content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'daemon.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

test('each key of networking is an option of open()', (t) => {
  const config = {
    bip: '10.9.0.1/24',
    bip6: 'fd00:9::1/64',
    'fixed-cidr': '10.9.0.128/25',
    'fixed-cidr-v6': 'fd00:9::/80',
    ipv6: true,
    mtu: 1400,
    'default-gateway': '10.9.0.254',
    'default-gateway-v6': 'fd00:9::fe',
    'default-address-pools': [{ base: '10.10.0.0/16', size: 24 }],
    icc: false,
    ip: '127.0.0.1',
    'ip-masq': false,
    dns: ['192.0.2.53'],
    'dns-search': ['example.org'],
    'dns-opts': ['ndots:2'],
  }
  t.deepEqual(readDaemonConfig(file(t, config)), {
    options: {
      bip: '10.9.0.1/24',
      bip6: 'fd00:9::1/64',
      fixedCidr: '10.9.0.128/25',
      fixedCidrV6: 'fd00:9::/80',
      ipv6: true,
      mtu: 1400,
      defaultGateway: '10.9.0.254',
      defaultGatewayV6: 'fd00:9::fe',
      defaultAddressPools: [{ base: '10.10.0.0/16', size: 24 }],
      icc: false,
      ip: '127.0.0.1',
      ipMasq: false,
      dns: ['192.0.2.53'],
      dnsSearch: ['example.org'],
      dnsOptions: ['ndots:2'],
    },
    ignored: [],
  })
})

test('what means nothing to docker is left out, and other keys are told', (t) => {
  const config = {
    hosts: [],
    bip: '',
    'fixed-cidr': '',
    mtu: 0,
    dns: [],
    'dns-opts': [],
    'default-address-pools': [],
    ip: '0.0.0.0',
    icc: false,
    __proto: 1,
    bridge: '',
    constructor: {},
  }
  t.deepEqual(readDaemonConfig(file(t, config)), {
    options: { icc: false },
    ignored: ['hosts', '__proto', 'bridge', 'constructor'],
  })
  t.deepEqual(readDaemonConfig(file(t, '\uFEFF{}\n')), { options: {}, ignored: [] })
})

test('a file that cannot be meant is refused by file, key and what would be right', (t) => {
  const wrong: [unknown, RegExp][] = [
    ['', /daemon\.json is no JSON: /],
    ['null', /must hold one JSON object, .* and holds null\.$/],
    [{ mtu: 10 }, /daemon\.json: "mtu" must be a number of bytes from 68 to 65535, and is 10\.$/],
    [{ 'ip-masq': 1 }, /daemon\.json: "ip-masq" must be true or false, and is 1\.$/],
    [{ 'dns-search': [1] }, /daemon\.json: "dns-search" must be a list of domains/],
    [{ 'default-gateway-v6': '10.0.0.1' }, /daemon\.json: "default-gateway-v6" must be an IPv6 address/],
  ]
  for (const [content, message] of wrong)
    t.throws(() => readDaemonConfig(file(t, content)), { code: 'INVALID_ARGUMENT', message })
  t.throws(() => readDaemonConfig('/no/such/daemon.json'), {
    code: 'NOT_FOUND',
    message: /There is no file "\/no\/such\/daemon\.json"/,
  })
  t.throws(() => readDaemonConfig(tmpdir()), { code: 'INVALID_ARGUMENT', message: /cannot be read \(EISDIR\)/ })
})

test('what is no file, or far too long, is refused at once', (t) => {
  const path = file(t, '{}')
  truncateSync(path, 2 ** 40)
  t.throws(() => readDaemonConfig(path), {
    code: 'INVALID_ARGUMENT',
    message: /cannot be read \(1099511627776 bytes\)/,
  })
  rmSync(path)
  execFileSync('mkfifo', [path])
  t.throws(() => readDaemonConfig(path), { code: 'INVALID_ARGUMENT', message: /cannot be read \(no regular file\)/ })
})

const KEYS = [
  'bip',
  'bip6',
  'default-address-pools',
  'default-gateway',
  'default-gateway-v6',
  'dns',
  'dns-opts',
  'dns-search',
  'fixed-cidr',
  'fixed-cidr-v6',
  'icc',
  'ip',
  'ip-masq',
  'ipv6',
  'mtu',
  '__proto__',
  'hosts',
]
const VALUES = [
  '172.17.0.1/16',
  '10.0.0.0/8',
  'fd00::1/64',
  '::ffff:1.2.3.4',
  '192.0.2.53',
  'example.org',
  'ndots:2',
  '',
  0,
  1500,
  65536,
  -1,
  1e400,
  true,
  false,
  null,
  2 ** 53,
]

test('any text is read, or refused by file and what would be right', (t) => {
  const path = file(t, '')
  const value = fc.oneof(
    fc.constantFrom(...VALUES),
    fc.array(fc.constantFrom(...VALUES), { maxLength: 3 }),
    fc.array(fc.record({ base: fc.constantFrom(...VALUES), size: fc.constantFrom(...VALUES) }), { maxLength: 2 }),
    fc.jsonValue(),
  )
  const config = fc
    .array(fc.tuple(fc.constantFrom(...KEYS), value), { maxLength: 5 })
    .map((entries) => `{${entries.map(([key, it]) => `${JSON.stringify(key)}:${JSON.stringify(it)}`).join(',')}}`)
  const damaged = fc
    .tuple(config, fc.nat(200), fc.string({ maxLength: 3 }))
    .map(([text, at, piece]) => text.slice(0, at) + piece + text.slice(at + 1))
  let read = 0
  fc.assert(
    fc.property(fc.oneof(config, damaged, fc.string(), fc.json()), (text) => {
      writeFileSync(path, text)
      try {
        const { options, ignored } = readDaemonConfig(path)
        read++
        t.true(
          Object.keys(options).every((option) => /^[a-z6A-Z]+$/.test(option)) &&
            ignored.every((key) => typeof key === 'string'),
        )
        t.is(Object.getPrototypeOf(options), Object.prototype)
      } catch (error) {
        t.true(error instanceof SlipwayError, `${text}: ${String(error)}`)
        t.like(error, { code: 'INVALID_ARGUMENT' }, text)
        t.true((error as Error).message.startsWith(path), text)
      }
    }),
    { numRuns: 1500 },
  )
  t.true(read > 100)
})
