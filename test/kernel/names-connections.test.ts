import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'
import test, { type ExecutionContext } from 'ava'
import { decode } from 'dns-packet'
import { enter } from '#lib/kernel/native.js'
import { frame, FrameReader } from '#lib/names/resolver/frames.js'
import { dig, endpoint, question, serveNames, tableOf } from '../helpers/names.js'
import { eventually, execIn, HOST_ADDRESS, ip, NEIGHBOUR_ADDRESS, World } from '../helpers/world.js'

async function resolverOf(t: ExecutionContext) {
  const world = new World(t)
  const client = endpoint({ sandbox: 'n', addresses: [NEIGHBOUR_ADDRESS], upstreams: ['192.0.2.54'] })
  const resolver = serveNames(t, world.host, [HOST_ADDRESS], tableOf(client).directory('web'))
  return { world, resolver }
}

async function connectTo(t: ExecutionContext, world: World): Promise<Socket> {
  const socket = enter(world.neighbour.path, () =>
    connect({
      host: 'resolver',
      port: 53,
      allowHalfOpen: true,
      autoSelectFamily: false,
      lookup: (_name, _options, answer) => answer(null, HOST_ADDRESS, 4),
    }),
  )
  t.teardown(() => socket.destroy())
  await once(socket, 'connect', { signal: AbortSignal.timeout(10_000) })
  return socket
}

/** Ids of the answers that come until the connection ends. */
async function idsUntilEnd(socket: Socket): Promise<number[]> {
  const frames = new FrameReader()
  const ids: number[] = []
  socket.on('data', (chunk) => ids.push(...frames.read(chunk).map((message) => decode(message).id ?? -1)))
  await once(socket, 'end', { signal: AbortSignal.timeout(10_000) })
  return ids
}

test('many questions on one connection are all answered, however the stream is cut', async (t) => {
  const { world } = await resolverOf(t)
  const socket = await connectTo(t, world)
  socket.setNoDelay()
  const all = Buffer.concat(Array.from({ length: 200 }, (_, id) => frame(question('n', 'A', id))))
  // The client ends its half and waits.
  const answered = idsUntilEnd(socket)
  socket.write(all.subarray(0, 1))
  for (let at = 1; at < all.length; at += 777) {
    await new Promise((resolve) => socket.write(all.subarray(at, at + 777), resolve))
  }
  socket.end()
  t.deepEqual(
    (await answered).sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, id) => id),
  )
})

test('a question that is forwarded holds up none behind it', async (t) => {
  const { world } = await resolverOf(t)
  const socket = await connectTo(t, world)
  const answered = idsUntilEnd(socket)
  socket.end(Buffer.concat([frame(question('one.example', 'A', 1)), frame(question('n', 'A', 2))]))
  t.deepEqual(await answered, [2, 1])
})

test('a client that asks and never reads is not read from for ever', async (t) => {
  const { world } = await resolverOf(t)
  const socket = await connectTo(t, world)
  socket.pause()
  const some = Buffer.concat(Array.from({ length: 1000 }, (_, id) => frame(question('n', 'A', id))))
  let written = 0
  // Until the kernel's buffers are full on the way there: it stays so.
  while (written < 64 << 20 && socket.write(some)) written += some.length
  while (written < 64 << 20 && socket.writableLength < 1 << 20) {
    socket.write(some)
    written += some.length
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.true(written < 64 << 20)
  t.deepEqual((await dig(world.neighbour, `@${HOST_ADDRESS}`, '+tcp', 'n')).answers, [NEIGHBOUR_ADDRESS])
})

test('a client that asks for the longest answers and reads none has its connection ended', async (t) => {
  const { world } = await resolverOf(t)
  ip('-n', world.neighbour.name, 'address', 'add', '192.0.2.54/24', 'dev', 'eth0')
  const nameserver = createServer((socket) => {
    const frames = new FrameReader()
    socket
      .on('error', () => {})
      .on('data', (chunk) => {
        for (const asked of frames.read(chunk)) {
          const answer = Buffer.concat([asked, Buffer.alloc(60_000)])
          answer.writeUInt16BE(0x8180, 2)
          socket.write(frame(answer))
        }
      })
  })
  enter(world.neighbour.path, () => nameserver.listen(53))
  t.teardown(() => nameserver.close())
  const socket = await connectTo(t, world)
  socket.pause()
  socket.write(Buffer.concat(Array.from({ length: 64 }, (_, id) => frame(question('long.example', 'A', id)))))
  t.true(
    await eventually(
      () => execIn(world.host, 'ss', '-Htn', 'state', 'established', `src ${HOST_ADDRESS}:53`) === '',
      8000,
    ),
  )
  t.deepEqual((await dig(world.neighbour, `@${HOST_ADDRESS}`, '+tcp', 'n')).answers, [NEIGHBOUR_ADDRESS])
})

for (const [what, message] of [
  ['nothing', Buffer.alloc(0)],
  ['less than a header', Buffer.alloc(11)],
  ['more than any question has', Buffer.alloc(5000)],
] as const) {
  test(`a message of ${what} ends its connection`, async (t) => {
    const { world } = await resolverOf(t)
    const socket = await connectTo(t, world)
    const closed = once(socket, 'close', { signal: AbortSignal.timeout(8000) })
    socket.on('error', () => {}).resume()
    socket.write(frame(message))
    socket.on('end', () => socket.end())
    await closed
    t.true(socket.destroyed)
  })
}

test('one client takes not all of the connections', async (t) => {
  const { world } = await resolverOf(t)
  for (let n = 0; n < 32; n++) {
    const socket = await connectTo(t, world)
    socket.write(frame(question('n', 'A', n)))
    t.is(decode(((await once(socket, 'data'))[0] as Buffer).subarray(2)).id, n)
  }
  const oneMore = await connectTo(t, world)
  // The question that nobody reads makes it a reset or an end.
  const answered = idsUntilEnd(oneMore).catch((error: NodeJS.ErrnoException) => error.code)
  oneMore.write(frame(question('n')))
  t.true([JSON.stringify([]), '"ECONNRESET"'].includes(JSON.stringify(await answered)))
})

test('close ends connections and gives up what is forwarded', async (t) => {
  const { world, resolver } = await resolverOf(t)
  const socket = await connectTo(t, world)
  socket.on('error', () => {}).resume()
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(10_000) })
  socket.end(frame(question('one.example', 'A', 1)))
  await dig(world.neighbour, `@${HOST_ADDRESS}`, '+tcp', 'n')
  await Promise.all([resolver.close(), resolver.close()])
  await closed
  t.true(socket.closed)
})

test('a resolver that listens does not keep a process alive', async (t) => {
  const script = `
    const { Resolver } = await import('#lib/names/resolver/resolver.js')
    const { bindListeners } = await import('#lib/names/resolver/listen.js')
    const { NameTable } = await import('#lib/names/directory.js')
    const inHost = (work) => work()
    const listeners = bindListeners(['${HOST_ADDRESS}'], 53, inHost)
    const resolver = new Resolver({ directory: new NameTable().directory('web'), listeners, inHost })
    console.log(resolver !== undefined)`
  const world = new World(t)
  const { stdout } = await promisify(execFile)(
    'nsenter',
    [`--net=${world.host.path}`, process.execPath, '--input-type=module', '--eval', script],
    { timeout: 20_000 },
  )
  t.is(stdout, 'true\n')
})
