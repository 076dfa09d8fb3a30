import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { RCODE, rcodeOf } from '#lib/names/resolver/message.js'
import { PlaceTaken } from '#lib/names/resolver/listen.js'
import { sandboxFiles } from '#lib/names/files.js'
import { readHostFiles } from '#lib/names/host-files.js'
import { writeNameFiles } from '#lib/names/write-files.js'
import { askFrom, bindUdp, dig, endpoint, inPlace, listen, question, serveNames, tableOf } from '../helpers/names.js'
import { execIn, HOST_ADDRESS, ip, NEIGHBOUR_ADDRESS, runIn, World } from '../helpers/world.js'

const BRIDGE = '172.17.0.1'
const AT = `@${BRIDGE}`

/** Two sandboxes on a bridge, whose names are served there. */
async function twoSandboxes(t: ExecutionContext) {
  const world = new World(t)
  const slipway = await world.open()
  const [app, db] = await Promise.all([
    world.create(slipway, 'app', { ip: '172.17.0.2' }),
    world.create(slipway, 'db', { ip: '172.17.0.3' }),
  ])
  const table = tableOf(
    endpoint({ sandbox: 'App', shortId: '0123456789ab', addresses: ['172.17.0.2', 'fd00::2'], aliases: ['both'] }),
    endpoint({ sandbox: 'db', hostname: 'postgres', addresses: ['172.17.0.3'], aliases: ['both', 'data_base'] }),
  )
  return { world, table, app, db }
}

test('sandboxes find each other by every name that they have', async (t) => {
  const { world, table, app } = await twoSandboxes(t)
  serveNames(t, world.host, [BRIDGE], table.directory('web'))
  for (const [args, answers] of [
    [['db'], ['172.17.0.3']],
    [['DB.'], ['172.17.0.3']],
    [['db.web'], ['172.17.0.3']],
    [['Data_Base.WEB.'], ['172.17.0.3']],
    [['postgres'], ['172.17.0.3']],
    [['app', 'AAAA'], ['fd00::2']],
    [['0123456789ab'], ['172.17.0.2']],
    [['both'], ['172.17.0.2', '172.17.0.3']],
    [
      ['both', '+tcp'],
      ['172.17.0.2', '172.17.0.3'],
    ],
    [['-x', '172.17.0.3'], ['db.web.']],
    [['-x', 'fd00::2'], ['App.web.']],
    // There, but not of this kind.
    [['db', 'AAAA'], []],
    [['db', 'MX'], []],
    [['db', 'PTR'], []],
    [['db', 'TYPE65'], []],
  ] as const) {
    const dug = await dig(app, AT, ...args)
    t.deepEqual([dug.status, dug.answers], ['NOERROR', answers], args.join(' '))
    t.deepEqual(dug.flags, ['qr', 'rd', 'ra'], args.join(' '))
  }
  t.is((await dig(app, AT, 'db', '+edns=1', '+noednsneg')).status, 'BADVERS')
  t.regex((await dig(app, AT, 'dB')).text, /^dB\.\s+600\s+IN\s+A\s+172\.17\.0\.3$/m)
})

test('a program in a sandbox finds another with the files that were written for it', async (t) => {
  const { world, table, app } = await twoSandboxes(t)
  serveNames(t, world.host, [BRIDGE], table.directory('web'))
  writeFileSync(join(world.stateDir, 'resolv.conf'), 'nameserver 127.0.0.1\nsearch example.org\n')
  const host = await readHostFiles({ etc: world.stateDir })
  const options = { hostname: 'app', addHost: ['gate:host-gateway'] }
  const place = { addresses: ['172.17.0.2'], hostGateway: [BRIDGE], ipv6Loopback: true, resolver: BRIDGE }
  const paths = writeNameFiles(join(world.stateDir, 'files'), sandboxFiles(options, place, host))
  const look = (name: string) => {
    const script = `mount --bind ${paths.hostsPath} /etc/hosts && mount --bind ${paths.resolvConfPath} /etc/resolv.conf && getent ahostsv4 ${name}`
    return runIn(app, 'unshare', '--mount', '--propagation', 'private', 'sh', '-c', script)
  }
  t.regex((await look('db')).stdout, /^172\.17\.0\.3 /)
  t.regex((await look('db.web')).stdout, /^172\.17\.0\.3 /)
  t.regex((await look('gate')).stdout, /^172\.17\.0\.1 /)
  t.regex((await look('app')).stdout, /^172\.17\.0\.2 /)
  t.is((await look('nobody')).code, 2)
})

test('who is not on the network is refused, and what nobody can answer fails', async (t) => {
  const { world, table, app, db } = await twoSandboxes(t)
  table.remove('web', 'db')
  serveNames(t, world.host, [BRIDGE], table.directory('web'))
  t.is((await dig(db, AT, 'app')).status, 'REFUSED')
  t.is((await dig(world.host, AT, 'app', '+tcp')).status, 'REFUSED')
  // Without upstreams: an internal network.
  t.is((await dig(app, AT, 'example.org')).status, 'SERVFAIL')
  t.is((await dig(app, AT, 'db')).status, 'SERVFAIL')
  t.is((await dig(app, AT, 'app', '+opcode=status')).status, 'NOTIMP')
})

test('sockets are opened in the namespace of the host, on IPv6 too, and are free after close', async (t) => {
  const world = new World(t)
  ip('-n', world.host.name, 'address', 'add', 'fd00::1/64', 'dev', 'uplink', 'nodad')
  ip('-n', world.neighbour.name, 'address', 'add', 'fd00::9/64', 'dev', 'eth0', 'nodad')
  const table = tableOf(endpoint({ sandbox: 'n', addresses: [NEIGHBOUR_ADDRESS, 'fd00::9'] }))
  const options = {
    directory: table.directory('web'),
    addresses: [HOST_ADDRESS, 'fd00::1'],
    port: 53,
    inHost: inPlace(world.host),
  }
  const listeners = () =>
    execIn(world.host, 'ss', '-Hlntu', 'sport = :53')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(/\s+/)[4])
      .sort()

  const resolver = listen(options)
  t.deepEqual(listeners(), ['192.0.2.1:53', '192.0.2.1:53', '[fd00::1]:53', '[fd00::1]:53'])
  for (const server of ['@fd00::1', '@192.0.2.1']) {
    for (const protocol of ['+tcp', '+notcp'])
      t.deepEqual((await dig(world.neighbour, server, protocol, 'n', 'AAAA')).answers, ['fd00::9'])
  }
  await resolver.close()
  t.deepEqual(listeners(), [])
})

test('where somebody serves already, that is said, and nothing stays open', async (t) => {
  const world = new World(t)
  const options = {
    directory: tableOf().directory('web'),
    addresses: [HOST_ADDRESS, '192.0.2.2'],
    port: 53,
    inHost: inPlace(world.host),
  }
  const other = listen({ ...options, addresses: ['192.0.2.2'] })
  const taken = t.throws(() => listen(options), { instanceOf: PlaceTaken })
  t.deepEqual(taken?.place, { protocol: 'udp', address: '192.0.2.2', port: 53 })
  await other.close()
  await listen(options).close()
  const error = t.throws(() => listen({ ...options, addresses: ['198.51.100.1'] }), { code: 'KERNEL' })
  t.regex(error?.message ?? '', /udp 198\.51\.100\.1 port 53.*EADDRNOTAVAIL/)
})

test('what does not fit is cut and said to be, and comes whole by TCP or with EDNS', async (t) => {
  const { world, table, app } = await twoSandboxes(t)
  serveNames(t, world.host, [BRIDGE], table.directory('web'))
  for (let n = 0; n < 98; n++)
    table.put(endpoint({ sandbox: `s${n}`, addresses: [`172.17.1.${n}`], aliases: ['both'] }))
  const asked = async (...args: string[]) => {
    const { flags, answers } = await dig(app, AT, 'both', ...args)
    return [flags.includes('tc'), answers.length]
  }
  // 512 bytes: 12 of header, 10 of question, 16 a record; OPT has 11.
  t.deepEqual(await asked('+ignore', '+noedns'), [true, 30])
  t.deepEqual(await asked('+ignore', '+bufsize=1000'), [true, 60])
  t.deepEqual(await asked('+ignore', '+bufsize=4096'), [false, 100])
  t.deepEqual(await asked(), [false, 100])
  // Every address has its turn in what is cut.
  const seen = new Set(
    (await Promise.all(Array.from({ length: 20 }, () => dig(app, AT, 'both', '+ignore', '+noedns')))).flatMap(
      ({ answers }) => answers,
    ),
  )
  t.true(seen.size > 30)
})

test('bytes of any kind leave the resolver answering', async (t) => {
  const { world, table } = await twoSandboxes(t)
  table.put(endpoint({ sandbox: 'n', addresses: [NEIGHBOUR_ADDRESS] }))
  serveNames(t, world.host, [HOST_ADDRESS], table.directory('web'))
  const socket = bindUdp(t, world.neighbour, NEIGHBOUR_ADDRESS)
  const valid = question('db')
  const mutated = fc
    .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const copy = Buffer.from(valid)
      for (const [at, byte] of changes) copy[at] = byte
      return copy
    })
  const packet = fc.oneof(
    mutated,
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  )
  for (const bytes of fc.sample(packet, 1000)) {
    await new Promise((resolve) => socket.send(bytes, 53, HOST_ADDRESS, resolve))
  }
  // From port 0, where no answer can be sent to.
  const forge = `import socket,struct; s=socket.socket(socket.AF_INET,socket.SOCK_RAW,socket.IPPROTO_UDP); m=bytes.fromhex('${valid.toString('hex')}'); s.sendto(struct.pack('!HHHH',0,53,8+len(m),0)+m,('${HOST_ADDRESS}',0))`
  t.is((await runIn(world.neighbour, 'python3', '-c', forge)).code, 0)
  // It is not heard for a moment.
  t.deepEqual((await dig(world.neighbour, `@${HOST_ADDRESS}`, '+tries=10', '+time=1', 'db')).answers, ['172.17.0.3'])
  t.deepEqual((await dig(world.neighbour, `@${HOST_ADDRESS}`, '+tcp', 'db')).answers, ['172.17.0.3'])
})

test('what other processes changed is read before a question is answered', async (t) => {
  const world = new World(t)
  const table = tableOf()
  const refresh = async () => table.learn('n', [endpoint({ sandbox: 'n', addresses: [NEIGHBOUR_ADDRESS] })])
  serveNames(t, world.host, [HOST_ADDRESS], table.directory('web', refresh))
  t.deepEqual((await dig(world.neighbour, `@${HOST_ADDRESS}`, 'n')).answers, [NEIGHBOUR_ADDRESS])
  serveNames(
    t,
    world.host,
    ['192.0.2.2'],
    table.directory('web', () => Promise.reject(new Error('unreadable'))),
  )
  const socket = bindUdp(t, world.neighbour, NEIGHBOUR_ADDRESS)
  t.is(rcodeOf(await askFrom(socket, '192.0.2.2', question('n'))), RCODE.serverFailure)
})
