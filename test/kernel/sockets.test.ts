import type { Socket as UdpSocket } from 'node:dgram'
import { getEventListeners, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { Server } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import type { Sandbox, SlipwayError } from '#lib/index.js'
import { addressOf, closing, descriptors, hello, onWeb } from '../helpers/inside.js'
import { nodeIn } from '../helpers/listen.js'
import { serveUdpNames } from '../helpers/names.js'
import { eventually, ip, ipJson, listenTo, World } from '../helpers/world.js'

/** Sockets that this process makes inside sandboxes: servers, connections, datagrams. */

const TLS = {
  key: readFileSync('test/fixtures/tls/db.key'),
  cert: readFileSync('test/fixtures/tls/db.crt'),
}

/** What comes until the other side has ended. */
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

const connected = async (app: Sandbox, host: string, port: number): Promise<string> =>
  readAll(await app.connectTcp({ host, port, timeout: 10_000 }))

/** Says who has come. */
const greeter = (t: ExecutionContext): Server =>
  closing(
    t,
    createServer((socket) => socket.end(`${socket.remoteAddress}`)),
  )

test('a server of each kind listens in a sandbox, and nowhere else', async (t) => {
  const world = new World(t)
  const [, app] = await onWeb(t, world, 'app')
  const servers: Record<string, Server> = {
    net: createServer(),
    http: createHttpServer(),
    https: createHttpsServer(TLS),
    tls: createTlsServer(TLS),
    http2: createSecureServer(TLS),
  }
  for (const [kind, server] of Object.entries(servers)) {
    t.is(await app?.listen(closing(t, server)), server, kind)
    const { port } = server.address() as { port: number }
    t.true(server.listening && port > 0, kind)
    await app?.waitForPort(port, { host: addressOf(app), timeout: 10_000 })
    t.is(await nodeIn(world.host, CONNECT, '127.0.0.1', String(port)), 'ECONNREFUSED', `${kind}, on the host`)
  }
})

const CONNECT = `
  const [host, port] = process.argv.slice(1)
  const socket = require('net').connect({ host, port })
  socket.on('error', ({ code }) => process.stdout.write(code)).on('connect', () => process.stdout.write('connected') && socket.end())
`

/** Options of listen, and who is answered then: by IPv4, by IPv6, from within by loopback. */
const LISTENERS: Record<string, [options: (app: Sandbox) => object, reached: string]> = {
  'by default': [() => ({}), '4 6 lo'],
  'on 0.0.0.0': [() => ({ host: '0.0.0.0' }), '4 lo'],
  'on ::': [() => ({ host: '::' }), '4 6 lo'],
  'on :: for IPv6 alone': [() => ({ host: '::', ipv6Only: true }), '6'],
  'on loopback': [() => ({ host: '127.0.0.1' }), 'lo'],
  'on localhost': [() => ({ host: 'localhost', backlog: 5 }), ''],
  'on its IPv4 address': [(app) => ({ host: addressOf(app) }), '4'],
  'on its IPv6 address': [(app) => ({ host: addressOf(app, 6) }), '6'],
  'on its hostname': [(app) => ({ host: app.hostname }), '6'],
}

test('a server listens where it is told to, and is reached there by addresses', async (t) => {
  const [, app, peer] = await onWeb(t, new World(t), 'app', 'peer')
  if (!app || !peer) return t.fail()
  for (const [what, [options, expected]] of Object.entries(LISTENERS)) {
    const server = greeter(t)
    await app.listen(server, { port: 81, ...options(app) })
    const reached: string[] = []
    for (const [name, from, host] of [
      ['4', peer, addressOf(app)],
      ['6', peer, addressOf(app, 6)],
      ['lo', app, '127.0.0.1'],
    ] as const) {
      const who = await connected(from, host, 81).catch((error: { errnoName: string }) => error.errnoName)
      if (who !== 'ECONNREFUSED') reached.push(name)
      const address = name === 'lo' ? '127.0.0.1' : addressOf(peer, name === '6' ? 6 : 4)
      t.true(['ECONNREFUSED', address, `::ffff:${address}`].includes(who), `${what}, ${name}: ${who}`)
    }
    if (what !== 'on localhost') t.is(reached.join(' '), expected, what)
    server.close()
    await once(server, 'close')
  }
})

test('a server in a sandbox answers clients of a port that is published, and this process goes on meanwhile', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  await app.listen(hello(t), { port: 80 })
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  t.teardown(() => clearInterval(timer))
  const FETCH = `process.stdout.write(await (await fetch('http://192.0.2.1:8080/x')).text())`
  t.regex(await nodeIn(world.neighbour, FETCH), /192\.0\.2\.9 asks for \/x$/)
  t.true(turns > 3)
})

test('every kind of sandbox connects by name and address, as its processes do', async (t) => {
  const world = new World(t)
  const [slipway, db] = await onWeb(t, world, 'db')
  if (!db) return t.fail()
  await db.listen(greeter(t), { port: 80 })
  ip('netns', 'add', world.name('foreign'))
  const peer = await world.create(slipway, 'peer', { network: 'web' })
  const others: Record<string, Sandbox> = {
    peer,
    'with container:': await world.create(slipway, 'joined', { network: `container:${peer.name}` }),
    'in a foreign namespace': await world.create(slipway, 'foreign-one', {
      network: 'web',
      netns: `/run/netns/${world.name('foreign')}`,
    }),
    itself: db,
  }
  for (const [what, app] of Object.entries(others)) {
    for (const host of [db.name, 'db', 'DB', `${db.id.slice(0, 12)}.`])
      t.regex(await connected(app, host, 80), /^fd00:20::/, `${what}, ${host}`)
    t.regex(await connected(app, addressOf(db), 80), /^::ffff:172\.20\.0\./, what)
    const socket = await app.connectTcp({ host: 'db', port: 80, family: 4, timeout: 10_000 })
    t.regex(await readAll(socket), /^::ffff:172\.20\.0\./, `${what}, IPv4 alone`)
  }
  const host = await world.create(slipway, 'h', { network: 'host' })
  t.is(await connected(host, addressOf(db), 80), '::ffff:172.20.0.1')
  await host.listen(greeter(t), { port: 81, host: '192.0.2.1' })
  t.is(await connected(peer, '192.0.2.1', 81), addressOf(peer))
  const none = await world.create(slipway, 'none', { network: 'none' })
  await t.throwsAsync(none.connectTcp({ host: addressOf(db), port: 80 }), {
    code: 'UNREACHABLE',
    message: /no route there \(ENETUNREACH\)/,
  })
  await none.listen(greeter(t), { port: 80 })
  t.regex(await connected(none, 'localhost', 80), /127\.0\.0\.1|::1/)
})

test('names are looked up as resolv.conf of the sandbox says', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const server = await world.create(slipway, 'server')
  const asked: string[] = []
  // One that knows two names, by A records; behind a dead one and one that fails.
  serveUdpNames(t, server, addressOf(server), (message) => {
    const name = readName(message)
    asked.push(name)
    const isA = message.readUInt16BE(12 + name.length + 2) === 1
    return [answer(message, { 'app.corp.test': [172, 17, 0, 2], 'deep.er': [172, 17, 0, 2] }[name], isA)]
  })
  serveUdpNames(t, server, '127.0.0.1', () => [])
  const app = await world.create(slipway, 'app', {
    dns: ['127.0.0.1', addressOf(server)],
    dnsSearch: ['lab.test', 'corp.test'],
    dnsOptions: ['ndots:2', 'timeout:10', 'attempts:1', 'rotate'],
    addHost: ['fixed:172.17.0.2', 'fixed:fd00::99'],
  })
  await server.listen(greeter(t), { port: 80 })
  for (const name of ['app', 'deep.er', 'app.corp.test.', 'fixed'])
    t.is(await connected(app, name, 80), `::ffff:${addressOf(app)}`, name)
  t.deepEqual(
    [...new Set(asked.slice(0, 4))].sort(),
    ['app.corp.test', 'app.lab.test'],
    'a name with few dots is first tried with the domains',
  )
  await t.throwsAsync(app.connectTcp({ host: 'nobody', port: 80 }), {
    code: 'NOT_FOUND',
    message: /knows no host nobody/,
  })
  const lonely = await world.create(slipway, 'lonely', {
    dns: ['172.17.0.99'],
    dnsOptions: ['timeout:1', 'attempts:1'],
  })
  const mute = await t.throwsAsync(lonely.connectTcp({ host: 'nobody', port: 80 }), { code: 'UNREACHABLE' })
  t.is((mute as SlipwayError).errnoName, 'EAI_AGAIN')
})

const readName = (message: Buffer): string => {
  const labels: string[] = []
  for (let at = 12; message[at]; at += 1 + (message[at] ?? 0))
    labels.push(message.toString('latin1', at + 1, at + 1 + (message[at] ?? 0)))
  return labels.join('.')
}

function answer(message: Buffer, address: number[] | undefined, isA: boolean): Buffer {
  const head = Buffer.from(message)
  head.writeUInt16BE(0x8180 | (address ? 0 : 3), 2)
  if (!address || !isA) return head
  head.writeUInt16BE(1, 6)
  return Buffer.concat([head, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, ...address])])
}

/** Until the next datagram, as a text and its sender. */
async function nextMessage(socket: UdpSocket): Promise<[string, string]> {
  const [message, from] = (await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })) as [
    Buffer,
    { address: string },
  ]
  return [String(message), from.address]
}

test('datagrams go to addresses, names, everybody and groups of the sandbox, and come back', async (t) => {
  const world = new World(t)
  const [, db, app] = await onWeb(t, world, 'db', 'app')
  if (!db || !app) return t.fail()
  const echo = await db.bindUdp({ port: 53 })
  echo.on('message', (message, { port, address }) => echo.send(`${message} back`, port, address))
  const udp = await app.bindUdp()
  const udp4 = await app.bindUdp({ type: 'udp4' })
  const udp6 = await app.bindUdp({ type: 'udp6', ipv6Only: true, recvBufferSize: 100_000 })
  t.teardown(() => [echo, udp, udp4, udp6].forEach((one) => one.close()))
  const [v4, v6] = [addressOf(db), addressOf(db, 6)]
  for (const [socket, to, from] of [
    [udp, 'db', v6],
    [udp, v4, `::ffff:${v4}`],
    [udp, v6, v6],
    [udp4, 'db', v4],
    [udp4, v4, v4],
    [udp6, 'db', v6],
  ] as const) {
    const answered = nextMessage(socket)
    socket.send(`to ${to}`, 53, to)
    t.deepEqual(await answered, [`to ${to} back`, from])
  }

  udp4.setBroadcast(true)
  const heard = nextMessage(udp4)
  udp4.send('to all', 53, '172.20.0.255')
  t.deepEqual(await heard, ['to all back', v4])

  const group = await db.bindUdp({ address: '0.0.0.0', port: 5353, reuseAddr: true })
  t.teardown(() => group.close())
  group.addMembership('224.0.0.251', v4)
  udp4.setMulticastInterface(addressOf(app))
  const grouped = nextMessage(group)
  udp4.send('to the group', 5353, '224.0.0.251')
  t.deepEqual(await grouped, ['to the group', addressOf(app)])

  const client = await app.bindUdp()
  t.teardown(() => client.close())
  client.connect(53, 'db')
  await once(client, 'connect')
  const last = nextMessage(client)
  client.send('connected')
  t.deepEqual(await last, ['connected back', v6])
})

test('a zone of an address is an interface of the sandbox, for connections and datagrams', async (t) => {
  const world = new World(t)
  const [, db, app] = await onWeb(t, world, 'db', 'app')
  if (!db || !app) return t.fail()
  // As on hosts with more interfaces: there, eth0 has another number, or is not there at all.
  const local = ipJson<{ addr_info: { scope: string; local: string }[] }>(
    db,
    'address',
    'show',
    'dev',
    'eth0',
  )[0]?.addr_info.find(({ scope, local }) => scope === 'link' && local.startsWith('fe80'))?.local
  t.truthy(local)
  await db.listen(greeter(t), { port: 80 })
  t.regex(await connected(app, `${local}%eth0`, 80), /^fe80:.*%eth0$/)
  // Datagrams go out so. Those that come from such an address do not come in, and harm nobody: Node.js would look for
  // the interface where its thread is.
  const seen = listenTo(t, db, 'socat', '-u', 'UDP6-RECV:54', '-')
  await db.waitForPort(54, { protocol: 'udp', timeout: 10_000 })
  const udp = await app.bindUdp()
  const deaf = await db.bindUdp({ port: 53 })
  t.teardown(() => [deaf, udp].forEach((one) => one.close()))
  const came = nextMessage(deaf)
  for (const port of [53, 54]) udp.send('near', port, `${local}%eth0`)
  t.true(await eventually(() => seen().includes('near')))
  udp.send('far', 53, addressOf(db, 6))
  t.is((await came)[0], 'far')
  await t.throwsAsync(app.bindUdp({ address: `${local}%eth0` }), {
    code: 'UNSUPPORTED',
    message: /no link-local address/,
  })
  await t.throwsAsync(app.listen(createServer(), { host: `${local}%eth9` }), {
    code: 'INVALID_ARGUMENT',
    message: /no interface eth9/,
  })
})

test('what is refused rejects with a code and a sentence, and leaves no descriptor open', async (t) => {
  const world = new World(t)
  const [slipway, app] = await onWeb(t, world, 'app')
  if (!app) return t.fail()
  await app.listen(greeter(t), { port: 80 })
  const udp = await app.bindUdp({ port: 53 })
  t.teardown(() => udp.close())
  const listening = greeter(t)
  await app.listen(listening)
  const never = createServer()
  never.on('error', () => t.fail('the server is told of it, too'))
  const at = (options: object) => app.listen(never, options)
  const to = (options: object) => app.connectTcp({ port: 1, ...options })
  const refused: [() => Promise<unknown>, code: string, message: RegExp][] = [
    [() => at({ port: 80 }), 'PORT_IN_USE', /tcp port 80 on :: already/],
    [() => at({ port: 80, host: '127.0.0.1' }), 'PORT_IN_USE', /port 80 on 127\.0\.0\.1/],
    [() => at({ host: '192.0.2.77' }), 'INVALID_ARGUMENT', /no address in the sandbox/],
    [() => at({ host: 'nobody-knows' }), 'NOT_FOUND', /knows no host nobody-knows/],
    [() => at({ port: -1 }), 'INVALID_ARGUMENT', /port must be a number from 0 to 65535/],
    [() => at({ port: '80' }), 'INVALID_ARGUMENT', /port must be/],
    [() => at({ backlog: -1 }), 'INVALID_ARGUMENT', /backlog must be/],
    [() => at({ hostname: 'x' }), 'INVALID_ARGUMENT', /no option "hostname"/],
    [() => at({ timeout: 0 }), 'INVALID_ARGUMENT', /timeout must be a number of milliseconds/],
    [() => app.listen(listening), 'INVALID_ARGUMENT', /listens already/],
    [() => app.listen({ listen: () => 0 } as never), 'INVALID_ARGUMENT', /takes a server of node:net/],
    [() => app.listen(createServer(), null as never), 'INVALID_ARGUMENT', /takes an object of options/],
    [() => to({ host: '127.0.0.1' }), 'UNREACHABLE', /nothing listens there \(ECONNREFUSED\)/],
    [() => to({ host: 'localhost' }), 'UNREACHABLE', /::1.*ECONNREFUSED.*127\.0\.0\.1.*ECONNREFUSED/],
    [() => to({ host: '127.0.0.1', localAddress: '192.0.2.77' }), 'UNREACHABLE', /EADDRNOTAVAIL|EINVAL/],
    [() => to({ host: '127.0.0.1', localAddress: '::1' }), 'NOT_FOUND', /knows no host 127/],
    [() => to({ host: 'nobody-knows' }), 'NOT_FOUND', /knows no host/],
    [() => to({ host: 'a..b' }), 'NOT_FOUND', /knows no host/],
    [() => to({ host: '' }), 'INVALID_ARGUMENT', /host must be a text/],
    [() => to({ port: 0 }), 'INVALID_ARGUMENT', /port must be a number from 1/],
    [() => to({ family: 5 }), 'INVALID_ARGUMENT', /family must be 4, 6, or 0/],
    [() => to({ localPort: Object.create(null) }), 'INVALID_ARGUMENT', /localPort must be a number from 0/],
    [() => to({ localPort: Symbol('x') }), 'INVALID_ARGUMENT', /localPort must be a number from 0/],
    [() => to({ localPort: 65536 }), 'INVALID_ARGUMENT', /localPort must be a number from 0/],
    [() => to({ signal: {} }), 'INVALID_ARGUMENT', /signal must be an AbortSignal/],
    [() => app.connectTcp(undefined as never), 'INVALID_ARGUMENT', /takes an object of options/],
    [() => app.bindUdp({ port: 53 }), 'PORT_IN_USE', /udp port 53 on ::/],
    [() => app.bindUdp({ port: 53, reuseAddr: true }), 'PORT_IN_USE', /udp port 53/],
    [() => app.bindUdp({ address: '192.0.2.77' }), 'INVALID_ARGUMENT', /no address in the sandbox/],
    [() => app.bindUdp({ address: '::1', type: 'udp4' }), 'INVALID_ARGUMENT', /no address of udp4/],
    [() => app.bindUdp({ type: 'udp' as never }), 'INVALID_ARGUMENT', /type must be "udp4" or "udp6"/],
    [() => app.waitForPort(0), 'INVALID_ARGUMENT', /port must be a number from 1/],
    [() => app.waitForPort(99, { timeout: 1 }), 'TIMEOUT', /Nothing has listened on tcp port 99 .* within 1 ms/],
    [() => app.waitForPort(80, { host: 'db' }), 'INVALID_ARGUMENT', /host must be an address/],
    [() => app.waitForPort(99, { timeout: 5, interval: 2 ** 40 }), 'INVALID_ARGUMENT', /interval must be .* at most/],
    [() => app.bindUdp({ recvBufferSize: 2 ** 40 }), 'INVALID_ARGUMENT', /recvBufferSize must be/],
    [() => app.waitForPort(80, { protocol: 'sctp' as never }), 'INVALID_ARGUMENT', /protocol must be/],
    [async () => app.enter(undefined as never), 'INVALID_ARGUMENT', /takes a synchronous function, and got undefined/],
    [async () => app.enter(async () => undefined), 'INVALID_ARGUMENT', /this one returned a promise/],
  ]
  const before = descriptors()
  for (const round of [1, 2]) {
    for (const [call, code, message] of refused)
      await t.throwsAsync(call(), { code, message, name: 'SlipwayError' }, `${round}`)
  }
  t.true(await eventually(() => descriptors() <= before), `${descriptors()} descriptors, ${before} before`)
  // What stands by itself is not in the way of a later call.
  await app.listen(never)
  never.close()
  await slipway.close()
})

test('a signal and the time end a call in each of its phases, and leave nothing behind', async (t) => {
  const world = new World(t)
  const [slipway, db] = await onWeb(t, world, 'db')
  if (!db) return t.fail()
  // Nobody answers there: neither names, nor connections.
  serveUdpNames(t, db, '127.0.0.1', () => [])
  const app = await world.create(slipway, 'app', { dns: [addressOf(db)], network: 'web' })
  const silent = await world.create(slipway, 'silent', { network: 'none', dns: ['127.0.0.1'] })
  const mute = await silent.bindUdp({ address: '127.0.0.1', port: 53 })
  t.teardown(() => mute.close())
  ip('-n', app.name, 'neigh', 'add', '172.20.0.77', 'lladdr', '02:42:00:00:00:77', 'dev', 'eth0', 'nud', 'permanent')
  const calls: Record<string, (options: { signal?: AbortSignal; timeout?: number }) => Promise<unknown>> = {
    'while it connects': (options) => app.connectTcp({ host: '172.20.0.77', port: 80, ...options }),
    'while a nameserver is asked': (options) => silent.connectTcp({ host: 'db', port: 80, ...options }),
    'while a nameserver is asked, to listen': (options) => silent.listen(createServer(), { host: 'db', ...options }),
    'while a nameserver is asked, to bind': (options) => silent.bindUdp({ address: 'db', ...options }),
    'while a port is waited for': (options) => app.waitForPort(80, options),
    'while a program runs': (options) => app.exec('sleep', ['60'], options),
    'while a program runs that ends by no signal but one': (options) =>
      app.exec('sh', ['-c', 'trap "" TERM; sleep 60 & wait; sleep 60'], { ...options, killSignal: 'SIGKILL' }),
  }
  const reason = new Error('no longer wanted')
  const before = descriptors()
  for (const [phase, call] of Object.entries(calls)) {
    await t.throwsAsync(call({ timeout: 100 }), { code: 'TIMEOUT', message: / within 100 ms/ }, phase)
    for (const delay of [undefined, 0, 100]) {
      const controller = new AbortController()
      if (delay === undefined) controller.abort(reason)
      const outcome = call({ signal: controller.signal })
      if (delay !== undefined) setTimeout(() => controller.abort(reason), delay)
      t.is(await t.throwsAsync(outcome), reason, `${phase}, after ${delay} ms`)
      t.is(getEventListeners(controller.signal, 'abort').length, 0, phase)
    }
  }
  t.true(await eventually(() => descriptors() <= before), `${descriptors()} descriptors, ${before} before`)

  // What is made under a signal is closed by it later, as in Node.js.
  const controller = new AbortController()
  const server = await app.listen(createServer(), { signal: controller.signal })
  const udp = await app.bindUdp({ signal: controller.signal })
  const closed = [once(server, 'close'), once(udp, 'close')]
  controller.abort()
  await Promise.all(closed)
  t.false(server.listening)
})

test('after remove() every call is NOT_FOUND, by a handle of another process, too', async (t) => {
  const world = new World(t)
  const [slipway, app] = await onWeb(t, world, 'app')
  if (!app) return t.fail()
  const handle = await slipway.sandboxes.get(app.name)
  const agent = handle.agent()
  const waiting = t.throwsAsync(handle.waitForPort(80), { code: 'NOT_FOUND' })
  const udp = await handle.bindUdp()
  await app.remove()
  await waiting
  for (const call of [
    () => handle.listen(createServer()),
    () => handle.listen(createServer(), { host: 'db' }),
    () => handle.connectTcp({ host: '127.0.0.1', port: 1 }),
    () => handle.connectTcp({ host: 'db', port: 1 }),
    () => handle.bindUdp(),
    () => handle.waitForPort(80),
    () => handle.exec('true'),
    async () => handle.agent(),
    async () => handle.spawn('true', [], { files: true }),
  ])
    await t.throwsAsync(call, { code: 'NOT_FOUND', message: /was removed/ })
  // Of a socket that is there already, the callback is told.
  for (const to of ['db', 'fe80::1%eth0']) {
    const sent = new Promise((resolve, reject) =>
      udp.send('x', 53, to, (error) => (error ? reject(error) : resolve(undefined))),
    )
    await t.throwsAsync(sent, { code: 'NOT_FOUND', message: /was removed/ }, to)
  }
  udp.close()
  const { cause } = (await t.throwsAsync(fetch('http://db/', { dispatcher: agent }))) as { cause: { code: string } }
  t.is(cause.code, 'NOT_FOUND')
  await agent.destroy()
})

test('no other program of the sandbox gets a port of UDP beside, even if it asks for it', async (t) => {
  const world = new World(t)
  const [, app] = await onWeb(t, world, 'app')
  if (!app) return t.fail()
  const udp = await app.bindUdp({ port: 53 })
  const shared = await app.bindUdp({ port: 54, reuseAddr: true })
  t.teardown(() => [udp, shared].forEach((one) => one.close()))
  const BIND = `
    const socket = require('dgram').createSocket({ type: 'udp6', reuseAddr: true })
    socket.on('error', ({ code }) => process.stdout.write(code)).on('listening', () => process.stdout.write('bound') && socket.close())
    socket.bind(Number(process.argv[1]))
  `
  t.is(await nodeIn(app, BIND, '53'), 'EADDRINUSE')
  t.is(await nodeIn(app, BIND, '54'), 'bound')
})
