import test from 'ava'
import { readAddress } from '#lib/servers/daemon/addresses.js'
import { merged, readServeSettings } from '#lib/servers/daemon/settings.js'
import { inFields } from '#lib/servers/docker/in-fields.js'
import { pattern } from '#lib/servers/docker/pattern.js'
import { isOlder } from '#lib/servers/docker/versions.js'
import { Fields } from '#lib/servers/http/fields.js'
import { Routes } from '#lib/servers/http/routes.js'
import { Log } from '#lib/servers/log.js'

/** What servers read: addresses, settings, bodies, filters. */

test('addresses to listen on', (t) => {
  t.deepEqual(readAddress('unix:///run/a.sock', false), { kind: 'unix', path: '/run/a.sock' })
  t.deepEqual(readAddress('fd://', false), { kind: 'inherited' })
  t.deepEqual(readAddress('tcp://127.0.0.1', false), { kind: 'tcp', host: '127.0.0.1', port: 2375 })
  t.deepEqual(readAddress('tcp://localhost:80', false), { kind: 'tcp', host: '127.0.0.1', port: 80 })
  t.deepEqual(readAddress('tcp://[::1]', true), { kind: 'tcp', host: '::1', port: 2376 })
  for (const text of [
    '',
    '/run/a.sock',
    'unix://a.sock',
    'unix:///run/',
    `unix:///${'x'.repeat(100)}`,
    'fd://3',
    'tcp://',
    'tcp://:2375',
    'tcp://example.com:2375',
    'tcp://::1:2375',
    'tcp://127.0.0.1:70000',
    'npipe://x',
  ])
    t.throws(() => readAddress(text, false), { code: 'INVALID_ARGUMENT' }, text)
})

test('a setting stands in the file or behind a flag', (t) => {
  const flags = { hosts: '-H' } as Parameters<typeof merged>[2]
  const file = {
    path: '/etc/x.json',
    settings: readServeSettings('/etc/x.json', { hosts: ['fd://'], bip: 'x', group: 'g' }),
  }
  t.deepEqual(merged({ pidfile: '/p' }, file, flags), { hosts: ['fd://'], group: 'g', pidfile: '/p' })
  t.throws(() => merged({ hosts: ['unix:///a'] }, file, flags), {
    message: '"hosts" stands in /etc/x.json (["fd://"]) and behind -H (["unix:///a"]). Leave one of them out.',
  })
  for (const [key, value] of [
    ['hosts', 'fd://'],
    ['hosts', []],
    ['tlsverify', 'yes'],
    ['log-format', 'xml'],
    ['log-level', 'loud'],
    ['group', ''],
    ['docker-plugin', 'slipway.sock'],
    ['docker-plugin-data', true],
    ['metrics-addr', 9323],
  ] as const)
    t.throws(() => readServeSettings('/etc/x.json', { [key]: value }), { message: new RegExp(`"${key}" must be`) })
})

test('filters of names are text, or an expression that takes no time', (t) => {
  const rows: [string, string[], string[]][] = [
    ['web', ['web', 'webhook', 'a-web'], ['we', 'Web']],
    ['^web$', ['web'], ['webhook', 'a-web']],
    ['^web.*k$', ['webk', 'webhook'], ['web']],
    ['^(web|db)$', ['web', 'db'], ['webdb']],
    ['a.c', ['abc', 'a.c'], ['ac']],
    ['a\\.c', ['a.c'], ['abc']],
  ]
  for (const [text, well, not] of rows) {
    for (const name of well) t.true(pattern(text)(name), `${text} ${name}`)
    for (const name of not) t.false(pattern(text)(name), `${text} ${name}`)
  }
  for (const text of ['(a+)+$', '(a|a)*b', '.*.*.*x', 'a{1,9}', '(', '[a-z]', '(?=a)', 'x'.repeat(300), '(a.*)*'])
    t.throws(() => pattern(text), { message: /names and ids are matched by text/ }, text)
})

test('what the library says of its options is said of docker’s fields', (t) => {
  for (const [said, shown] of [
    ['networks.create: name must be a name, and is "".', 'Name must be a name, and is "".'],
    ['subnets[1].ipRange 10.0.0.0/8 is larger', 'IPAM.Config[1].IPRange 10.0.0.0/8 is larger'],
    ['subnets[0].auxAddresses: the address of "r"', 'IPAM.Config[0].AuxiliaryAddresses: the address of "r"'],
    ['subnets[0] must be an object', 'IPAM.Config[0] must be an object'],
    ['options: the bridge driver has no option "x".', 'Options: the bridge driver has no option "x".'],
    ['ip 10.0.0.1 lies outside the subnet', 'IPAMConfig.IPv4Address 10.0.0.1 lies outside the subnet'],
    ['connect: mac must be a unicast MAC address', 'MacAddress must be a unicast MAC address'],
    ['Create a network: slipway.networks.create({ name: "web" }).', 'Create a network: docker network create web.'],
    ['The network web is in use by name.', 'The network web is in use by name.'],
  ] as const)
    t.is(inFields(said), shown)
})

test('versions are compared by their numbers', (t) => {
  t.true(isOlder('1.9', '1.44'))
  t.false(isOlder('1.44', '1.44'))
  t.true(isOlder('1', '1.1'))
  t.false(isOlder('2.0', '1.56'))
})

test('a body is read as Go reads it', (t) => {
  const fields = Fields.parse(
    Buffer.from('{"name":"web","Name2":null,"On":true,"Count":3,"List":["a"],"Of":{"a":"b","c":null},"In":{"Deep":7}}'),
  )
  t.is(fields.text('Name'), 'web')
  t.is(fields.text('Name2'), '')
  t.true(fields.flag('On'))
  t.is(fields.flag('Off'), undefined)
  t.is(fields.whole('Count'), 3)
  t.deepEqual(fields.texts('List'), ['a'])
  t.deepEqual(fields.pairs('Of'), { a: 'b', c: '' })
  t.throws(() => fields.object('In')?.text('Deep'), { message: 'invalid JSON: In.Deep must be a text, and is 7' })
  t.throws(() => fields.flag('Count'), { message: /Count must be true or false/ })
  t.throws(() => fields.whole('On'), { message: /On must be a whole number/ })
  // No field of what every object has.
  t.is(fields.text('constructor'), '')
  t.is(Fields.parse(Buffer.alloc(0)).text('Name'), '')
})

test('a route is found by method and path', (t) => {
  const routes = new Routes([
    { method: 'GET', path: '/a', handler: 1 },
    { method: 'POST', path: '/a/create', handler: 2 },
    { method: 'POST', path: '/a/:id', handler: 3 },
    { method: 'POST', path: '/a/:id/b', handler: 4 },
  ])
  t.is(routes.find('GET', '/a')?.handler, 1)
  t.is(routes.find('POST', '/a/create')?.handler, 2)
  t.deepEqual(routes.find('POST', '/a/x%2Fy'), { handler: 3, parameters: { id: 'x/y' } })
  t.is(routes.find('POST', '/a/x/b')?.handler, 4)
  for (const path of ['', '/', '/a/', '/a/x/b/c', '/A']) t.is(routes.find('GET', path), undefined, path)
  t.throws(() => routes.find('POST', '/a/%'), { message: /percent sign/ })
})

test('a log has a line for each message, for people or for programs', (t) => {
  const lines: string[] = []
  new Log((line) => lines.push(line)).warn('two\nlines', { status: 500, path: 'a\nb' })
  t.regex(lines[0] ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z warn {2}two lines status=500 path="a\\nb"\n$/)
  const log = new Log((line) => lines.push(line), { json: true, level: 'warn' })
  log.info('not said')
  log.error('said', { status: 500 })
  log.level = 'info'
  log.info('said, too')
  t.deepEqual(
    lines
      .slice(1)
      .map((line) => JSON.parse(line) as unknown)
      .map((line) => ({ ...(line as object), time: '' })),
    [
      { time: '', level: 'error', message: 'said', status: 500 },
      { time: '', level: 'info', message: 'said, too' },
    ],
  )
})
