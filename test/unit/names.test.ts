import test from 'ava'
import { decode, encode, type Packet } from 'dns-packet'
import fc from 'fast-check'
import { hostsText } from '#lib/names/hosts.js'
import { canonical, nameChecks, parseAddedHost, type NameOptions } from '#lib/base/name-options.js'
import { checkOptions } from '#lib/base/checks.js'
import { FrameReader, frame } from '#lib/names/resolver/frames.js'
import { encodeRecord, isResponseTo, RCODE, readQuery, reply, TYPE } from '#lib/names/resolver/message.js'
import { addressOf, ownRecords } from '#lib/names/resolver/own-names.js'
import { endpoint, question, tableOf } from '../helpers/names.js'

const checked = (options: NameOptions) => checkOptions('sandboxes.create', options, nameChecks)

test('options of names are taken as docker takes them', (t) => {
  t.notThrows(() =>
    checked({
      hostname: 'a1-b.example.ORG',
      domainname: 'example.org',
      addHost: [
        'db:192.0.2.1',
        'my_db=192.0.2.1',
        'v6:2001:db8::1',
        'v6:[2001:db8::1]',
        'v6=[2001:db8::1]',
        'gw:host-gateway',
        'gw=host-gateway',
      ],
      dns: ['192.0.2.53', '2001:db8::53', '127.0.0.1'],
      dnsSearch: ['example.org', '_tcp.example.org.', '.'],
      dnsOptions: ['ndots:2', 'rotate', 'use-vc', 'timeout:30'],
    }),
  )
  for (const name of ['my_host', '_a', 'a_', 'app.example.org.'])
    t.notThrows(() => checked({ hostname: name, domainname: name }))
  t.notThrows(() => checked({ hostname: 'a'.repeat(63), addHost: [], dns: [], dnsSearch: [], dnsOptions: [] }))
})

test('what is wrong with an option of names is said', (t) => {
  const wrong: Record<keyof NameOptions, unknown[]> = {
    hostname: [
      '',
      '-a',
      'a-',
      'a..b',
      '.a',
      '.',
      'a..',
      'a b',
      'a\nb',
      'ä',
      'a'.repeat(64),
      `${'a'.repeat(60)}.bcdef`,
      7,
    ],
    domainname: ['', 'example..org', 'a b', `${'a'.repeat(64)}.org`],
    addHost: [
      'db:192.0.2.1',
      ['db'],
      ['db:'],
      [':192.0.2.1'],
      ['db:192.0.2'],
      ['db:2001:db8::1%eth0'],
      ['d b:192.0.2.1'],
      ['db:192.0.2.1\n1.1.1.1 evil'],
      ['db:[192.0.2.1]'],
      ['db\n:192.0.2.1'],
      [7],
      ['db:host'],
    ],
    dns: ['192.0.2.53', ['dns.example.org'], ['192.0.2.53 '], ['fe80::1%eth0'], ['192.0.2.53\n'], [undefined]],
    dnsSearch: ['example.org', ['a b'], ['example..org'], ['a\nnameserver 192.0.2.1'], [''], [`${'a'.repeat(64)}.org`]],
    dnsOptions: ['ndots:2', ['ndots:two'], ['ndots: 2'], ['rotate\n'], ['']],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const error = t.throws(
        () => checked({ [name]: value }),
        { code: 'INVALID_ARGUMENT' },
        `${name} ${JSON.stringify(value)}`,
      )
      t.regex(error?.message ?? '', new RegExp(`^sandboxes\\.create: ${name} must be .*, and is .*\\.$`), name)
    }
  }
  t.regex(t.throws(() => checked({ dns: ['192.0.2.1', 'one'] }))?.message ?? '', /\("one" is none\)/)
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(nameChecks) as (keyof NameOptions)[])),
      fc.anything({ withBigInt: true, withNullPrototype: true }),
      (name, value) => {
        const expected = nameChecks[name](value)
        if (expected === undefined && Array.isArray(value)) t.notRegex(value.join(' '), /\p{Cc}/u)
      },
    ),
  )
})

test('an added host is read whatever stands between name and address', (t) => {
  t.deepEqual(parseAddedHost('db:192.0.2.1'), { name: 'db', address: '192.0.2.1' })
  t.deepEqual(parseAddedHost('db=[2001:DB8:0::1]'), { name: 'db', address: '2001:db8::1' })
  t.deepEqual(parseAddedHost('db:2001:db8:0:0:0:0:0:1'), { name: 'db', address: '2001:db8::1' })
  t.deepEqual(parseAddedHost('db:host-gateway'), { name: 'db', address: 'host-gateway' })
})

test('a name with the dot of the root is the name without it', (t) => {
  const table = tableOf(
    endpoint({ sandbox: 'app', addresses: ['10.0.0.2'], aliases: ['Api.Example.Com.'], hostname: 'my_host.' }),
  )
  for (const name of ['api.example.com', 'my_host'])
    t.deepEqual(table.directory('web').addresses({ network: 'web', sandbox: 'app' }, name, 4), ['10.0.0.2'], name)
  t.regex(
    hostsText(
      { hostname: 'my_host', domainname: 'example.org.' },
      { addresses: ['10.0.0.2'], hostGateway: [], ipv6Loopback: false },
    ),
    /^10\.0\.0\.2\tmy_host\.example\.org my_host$/m,
  )
})

test('a table says who is called what, network by network', (t) => {
  const app = { network: 'web', sandbox: 'App' }
  const table = tableOf(
    endpoint({
      sandbox: 'App',
      network: 'web',
      addresses: ['10.0.0.2', 'fd00::2'],
      aliases: ['www'],
      upstreams: ['192.0.2.53'],
    }),
    endpoint({
      sandbox: 'App',
      network: 'back.end',
      addresses: ['10.1.0.2'],
      upstreams: ['192.0.2.54'],
      forwardsSingleNames: false,
    }),
    endpoint({ sandbox: 'db', network: 'back.end', addresses: ['10.1.0.3'], aliases: ['www', 'store'] }),
    endpoint({ sandbox: 'db2', network: 'back.end', addresses: ['10.1.0.4', '10.1.0.3'], aliases: ['store'] }),
    endpoint({ sandbox: 'far', network: 'other', addresses: ['10.2.0.2'] }),
    endpoint({ sandbox: 'a.b', network: 'web', addresses: ['10.0.0.9'] }),
  )
  const web = table.directory('web')
  const back = table.directory('back.end')
  t.deepEqual(web.asker('10.0.0.2'), app)
  t.deepEqual(back.asker('10.1.0.2'), { network: 'back.end', sandbox: 'App' })
  t.is(web.asker('10.1.0.3'), undefined)
  const find = (name: string, family: 4 | 6 = 4) => web.addresses(app, name, family)
  t.deepEqual(find('app'), ['10.0.0.2'])
  t.deepEqual(find('app', 6), ['fd00::2'])
  t.deepEqual(find('www'), ['10.0.0.2'])
  t.deepEqual(back.addresses({ ...app, network: 'back.end' }, 'www', 4), ['10.1.0.3'])
  t.deepEqual(find('www.back.end'), ['10.1.0.3'])
  t.deepEqual(find('app.back.end'), ['10.1.0.2'])
  t.deepEqual(find('app.back.end', 6), [])
  t.deepEqual(find('store'), ['10.1.0.3', '10.1.0.4'])
  t.deepEqual(find('iddb.back.end'), ['10.1.0.3'])
  t.deepEqual(find('a.b'), ['10.0.0.9'])
  t.deepEqual(find('a.b.web'), ['10.0.0.9'])
  for (const name of ['far', 'far.other', 'db.web', 'back.end', '.web', '', 'constructor'])
    t.is(find(name), undefined, name)
  t.is(web.name(app, '10.1.0.4'), 'db2.back.end')
  t.is(web.name(app, '10.2.0.2'), undefined)
  t.deepEqual([web.upstreams(app), web.forwardsSingleNames(app)], [['192.0.2.53'], true])
  t.deepEqual(
    [back.upstreams({ ...app, network: 'back.end' }), back.forwardsSingleNames({ ...app, network: 'back.end' })],
    [['192.0.2.54'], false],
  )

  table.remove('back.end', 'App')
  t.is(find('db.back.end'), undefined)
  t.is(back.asker('10.1.0.2'), undefined)
  table.put(endpoint({ sandbox: 'App', network: 'web', addresses: ['10.0.0.5'] }))
  t.deepEqual([find('app'), find('www'), web.asker('10.0.0.2')], [['10.0.0.5'], undefined, undefined])
  table.remove('web', 'nobody')
  table.learn('App', [])
  t.is(web.asker('10.0.0.5'), undefined)
})

test('an address that passes to another sandbox is the other one from then on', (t) => {
  const table = tableOf(
    endpoint({ sandbox: 'old', addresses: ['10.0.0.2'] }),
    endpoint({ sandbox: 'new', addresses: ['10.0.0.2'] }),
  )
  table.remove('web', 'old')
  t.is(table.directory('web').asker('10.0.0.2')?.sandbox, 'new')
})

test('the names of the reverse zones are read as addresses', (t) => {
  fc.assert(
    fc.property(fc.ipV4(), (address) =>
      t.is(addressOf(`${address.split('.').reverse().join('.')}.in-addr.arpa`), address),
    ),
  )
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[0-9a-f]$/), { minLength: 32, maxLength: 32 }), (nibbles) => {
      const address = canonical((nibbles.join('').match(/.{4}/g) ?? []).join(':'))
      t.is(addressOf(`${nibbles.toReversed().join('.')}.ip6.arpa`), address)
    }),
  )
  for (const name of [
    'in-addr.arpa',
    '1.2.3.in-addr.arpa',
    '1.2.3.400.in-addr.arpa',
    '1.ip6.arpa',
    '1.2.3.4.in-addr.arpa.example',
    '',
  ])
    t.is(addressOf(name), undefined, name)
})

test('a name that DNS has no form for is not answered with broken bytes', (t) => {
  const long = 'a'.repeat(70)
  const table = tableOf(
    endpoint({ sandbox: long, addresses: ['10.0.0.2'] }),
    endpoint({ sandbox: 'a..b', addresses: ['10.0.0.3'] }),
  )
  for (const name of ['2.0.0.10.in-addr.arpa', '3.0.0.10.in-addr.arpa']) {
    const { query } = readQuery(question(name, 'PTR'))
    t.deepEqual(query && ownRecords(query, { network: 'web', sandbox: long }, table.directory('web')), [])
  }
})

test('a query is read with what matters for its answer', (t) => {
  const read = (packet: Packet) => readQuery(encode({ type: 'query', ...packet })).query
  const opt = (udpPayloadSize: number) => ({
    type: 'OPT' as const,
    name: '.' as const,
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  })
  const query = read({ id: 7, questions: [{ type: 'AAAA', name: 'My_Db.Web' }], additionals: [opt(1400)] })
  t.like(query, {
    name: 'my_db.web',
    type: TYPE.AAAA,
    class: 1,
    udpSize: 1400,
    edns: true,
    ednsVersion: 0,
    questionEnd: 12 + 15,
  })
  t.like(read({ questions: [{ type: 'A', name: 'db' }] }), { udpSize: 512, edns: false })
  for (const [told, taken] of [
    [1, 512],
    [511, 512],
    [65535, 4096],
  ] as const)
    t.is(read({ questions: [{ type: 'A', name: 'db' }], additionals: [opt(told)] })?.udpSize, taken)
  t.is(read({ questions: [{ type: 'A', name: '.' }] })?.name, '')
  t.is(read({ questions: [{ type: 'A', name: 'a b' }] })?.name, undefined)
  // A dot inside of a label: no name of ours, though it looks like one.
  const dotted = question('a-b')
  dotted[14] = 0x2e
  t.is(readQuery(dotted).query?.name, undefined)
})

test('records behind the question are read as far as they matter', (t) => {
  const [root, name, pointer] = [[0], [2, 0x64, 0x62, 0], [0xc0, 12]]
  const opt = (version = 0, data: number[] = []) => [...root, 0, 41, 5, 0x78, 0, version, 0, 0, 0, data.length, ...data]
  const other = (owner: number[], data: number[]) => [...owner, 0, 250, 0, 255, 0, 0, 0, 0, 0, data.length, ...data]
  const packet = (counts: [number, number, number], ...records: number[][]) => {
    const bytes = Buffer.concat([question('db'), ...records.map((record) => Buffer.from(record))])
    counts.forEach((count, index) => bytes.writeUInt16BE(count, 6 + 2 * index))
    return readQuery(bytes)
  }
  const read: [what: string, seen: ReturnType<typeof packet>, edns: object][] = [
    ['an option', packet([0, 0, 1], opt(0, [0, 10, 0, 1, 7])), { edns: true, udpSize: 1400, ednsVersion: 0 }],
    ['a later version', packet([0, 0, 1], opt(1)), { edns: true, ednsVersion: 1 }],
    ['a signature', packet([0, 0, 2], opt(), other(name, [1, 2])), { edns: true }],
    ['a signature alone', packet([0, 0, 1], other(pointer, [])), { edns: false, udpSize: 512 }],
    ['a record before', packet([1, 0, 1], other(name, [9]), opt()), { edns: true }],
    ['bytes that nobody counts', packet([0, 0, 0], opt()), { edns: false }],
  ]
  for (const [what, { query }, edns] of read) t.like(query, edns, what)
  const wrong: [what: string, seen: ReturnType<typeof packet>][] = [
    ['two OPT', packet([0, 0, 2], opt(), opt())],
    ['OPT as an answer', packet([1, 0, 0], opt())],
    ['OPT with a name', packet([0, 0, 1], [...name, ...opt().slice(1)])],
    ['fewer than were said', packet([0, 0, 2], opt())],
    ['data cut short', packet([0, 0, 1], opt(0, [1, 2, 3]).slice(0, -1))],
    ['a label that is none', packet([0, 0, 1], [0x40, ...opt()])],
    ['too many', packet([0, 0, 5], opt(), ...Array.from({ length: 4 }, () => other(root, [])))],
  ]
  for (const [what, { query }] of wrong) t.is(query, undefined, what)
  // 255 bytes with the root's label is the longest name that there is.
  const long = (last: number) => [63, 63, 63, last].map((length) => 'a'.repeat(length)).join('.')
  t.truthy(readQuery(question(long(61))).query)
  t.is(readQuery(question(long(62))).query, undefined)
})

test('a version of EDNS that nobody here knows is answered with BADVERS', (t) => {
  const bytes = Buffer.concat([question('db'), Buffer.from([0, 0, 41, 5, 0x78, 0, 1, 0, 0, 0, 0])])
  bytes.writeUInt16BE(1, 10)
  const { query } = readQuery(bytes)
  const answer = query && decode(reply(query, RCODE.badVersion, [], 512))
  t.like(answer?.additionals?.[0], { type: 'OPT', extendedRcode: 1, ednsVersion: 0 })
  t.is((answer?.flags ?? 15) & 15, 0)
})

test('no bytes make the reader throw, and a reply has the id, the question and the room that it should', (t) => {
  const db = question('db.web')
  const mutated = fc
    .array(fc.tuple(fc.nat(db.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const copy = Buffer.from(db)
      for (const [at, byte] of changes) copy[at] = byte
      return copy
    })
  const cut = fc.nat(db.length).map((length) => db.subarray(0, length))
  const random = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes))
  // A header that claims more, and nothing or little behind it.
  const counts = fc.tuple(fc.array(fc.nat(65535), { minLength: 4, maxLength: 4 }), random).map(([numbers, rest]) => {
    const head = Buffer.alloc(12)
    numbers.forEach((number, index) => head.writeUInt16BE(number, 4 + 2 * index))
    return Buffer.concat([head, rest])
  })
  const records = Array.from({ length: 40 }, (_, n) => encodeRecord(TYPE.A, 600, Uint8Array.of(10, 0, 0, n)))
  let read = 0
  fc.assert(
    fc.property(fc.oneof(mutated, cut, random, counts), fc.integer({ min: 512, max: 2000 }), (bytes, limit) => {
      const result = readQuery(bytes)
      if (!result.query) {
        if (!result.reply) return
        t.deepEqual(
          [result.reply.length, result.reply.readUInt16BE(0), result.reply.readUInt16BE(2) & 0x8000],
          [12, bytes.readUInt16BE(0), 0x8000],
        )
        return
      }
      read++
      const answer = reply(result.query, 0, records, limit)
      t.true(answer.length <= limit)
      t.true(isResponseTo(answer, bytes, result.query.questionEnd))
      const count = answer.readUInt16BE(6)
      t.is((answer.readUInt16BE(2) & 0x0200) !== 0, count < records.length)
      if (count > 0) t.is(decode(answer).answers?.length, count)
    }),
    { numRuns: 5000 },
  )
  t.true(read > 100)
})

test('messages come out of a stream as they went in, however it is cut', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 })),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map((message) => frame(Buffer.from(message))))
        const reader = new FrameReader()
        const found: Buffer[] = []
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const length = cuts[turn % cuts.length] ?? 1
          found.push(...reader.read(stream.subarray(at, at + length)))
          at += length
        }
        t.deepEqual(
          found.map((message) => [...message]),
          messages.map((message) => [...message]),
        )
      },
    ),
  )
})
