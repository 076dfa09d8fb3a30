import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { decode, encode } from 'dns-packet'
import { enter } from '#lib/kernel/native.js'
import { frame } from '#lib/names/resolver/frames.js'
import { RCODE, rcodeOf } from '#lib/names/resolver/message.js'
import { askFrom, bindUdp, dig, endpoint, question, serveNames, serveUdpNames, tableOf } from '../helpers/names.js'
import { eventually, HOST_ADDRESS, ip, NEIGHBOUR_ADDRESS, PATIENCE, World } from '../helpers/world.js'

/** One asker, however much it asks, and what is left to the others. */

const AT = `@${HOST_ADDRESS}`
const OTHER = '192.0.2.10'
const STRANGER = '192.0.2.11'
const SILENT = '192.0.2.53'
const UPSTREAM = '192.0.2.54'

/** A resolver, two sandboxes that ask it from the neighbour's addresses, and a nameserver that knows one address. */
async function setUp(t: ExecutionContext, upstreams: readonly string[] = [SILENT]) {
  const world = new World(t)
  for (const address of [OTHER, STRANGER, SILENT, UPSTREAM])
    ip('-n', world.neighbour.name, 'address', 'add', `${address}/32`, 'dev', 'eth0')
  const table = tableOf(
    endpoint({ sandbox: 'one', addresses: [NEIGHBOUR_ADDRESS], upstreams }),
    endpoint({ sandbox: 'two', addresses: [OTHER], upstreams: [UPSTREAM] }),
  )
  serveNames(t, world.host, [HOST_ADDRESS], table.directory('web'))
  serveUdpNames(t, world.neighbour, UPSTREAM, (message) => {
    const { id = 0, questions = [] } = decode(message)
    return [
      encode({
        type: 'response',
        id,
        questions,
        answers: questions.map(({ name }) => ({ type: 'A', name, data: '203.0.113.1' })),
      }),
    ]
  })
  return world
}

async function connectFrom(t: ExecutionContext, world: World, address: string): Promise<Socket> {
  const socket = enter(world.neighbour.path, () =>
    connect({
      host: 'resolver',
      port: 53,
      localAddress: address,
      autoSelectFamily: false,
      lookup: (_name, _options, answer) => answer(null, HOST_ADDRESS, 4),
    }),
  )
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect', { signal: AbortSignal.timeout(10_000 * PATIENCE) })
  return socket
}

test('a thousand questions that come while the process is busy are all answered', async (t) => {
  const world = await setUp(t)
  const socket = bindUdp(t, world.neighbour, NEIGHBOUR_ADDRESS)
  const ids = new Set<number>()
  socket.on('message', (message) => ids.add(message.readUInt16BE(0)))
  // In one turn of the event loop, which the resolver is on, too.
  for (let id = 0; id < 1000; id++) socket.send(question('two', 'A', id), 53, HOST_ADDRESS)
  await eventually(() => ids.size === 1000, 5000)
  t.is(ids.size, 1000)
})

test('an asker whose questions outside are all waited for leaves room for those of others', async (t) => {
  const world = await setUp(t)
  bindUdp(t, world.neighbour, SILENT, 53)
  const one = bindUdp(t, world.neighbour, NEIGHBOUR_ADDRESS)
  const refused = new Set<number>()
  one.on('message', (message) => rcodeOf(message) === RCODE.refused && refused.add(message.readUInt16BE(0)))
  for (let id = 1; id <= 1030; id++) {
    await new Promise((resolve) => one.send(question('one.example', 'A', id), 53, HOST_ADDRESS, resolve))
    if (id % 64 === 0) await turn()
  }
  while (refused.size < 6) await once(one, 'message', { signal: AbortSignal.timeout(5000 * PATIENCE) })
  const two = bindUdp(t, world.neighbour, OTHER)
  for (let id = 1; id <= 3; id++)
    t.is(decode(await askFrom(two, HOST_ADDRESS, question('one.example', 'A', id))).answers?.length, 1)
  // Its oldest ones made room.
  t.true([1, 2, 3].some((id) => refused.has(id)))
})

test('connections of those that are on no network take none from those that are', async (t) => {
  const world = await setUp(t)
  for (let n = 0; n < 300; n++) await connectFrom(t, world, STRANGER)
  const socket = await connectFrom(t, world, NEIGHBOUR_ADDRESS)
  socket.write(frame(question('two', 'A', 7)))
  const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000 * PATIENCE) })) as [Buffer]
  t.like(decode(answer.subarray(2)), { id: 7, rcode: 'NOERROR' })
})

test('a nameserver that says no without the question is believed at once', async (t) => {
  const world = await setUp(t, [SILENT, UPSTREAM])
  let code: number = RCODE.refused
  serveUdpNames(t, world.neighbour, SILENT, (message) => {
    const bytes = Buffer.alloc(12)
    message.copy(bytes, 0, 0, 2)
    bytes.writeUInt16BE(0x8180 | code, 2)
    return [bytes]
  })
  const client = bindUdp(t, world.neighbour, NEIGHBOUR_ADDRESS)
  const answerTo = async (id: number) => decode(await askFrom(client, HOST_ADDRESS, question('one.example', 'A', id)))
  t.like(await answerTo(1), { rcode: 'NOERROR', answers: { length: 1 } })
  code = 3
  t.like(await answerTo(2), { rcode: 'NXDOMAIN', questions: { length: 1 } })
  t.regex((await dig(world.neighbour, AT, '-b', NEIGHBOUR_ADDRESS, '+time=1', 'one.example')).text, /status: NXDOMAIN/)
  // Where no other nameserver knows better, its word is passed on.
  const alone = await setUp(t, [SILENT])
  serveUdpNames(t, alone.neighbour, SILENT, (message) => {
    const bytes = Buffer.alloc(12)
    message.copy(bytes, 0, 0, 2)
    bytes.writeUInt16BE(0x8180 | RCODE.refused, 2)
    return [bytes]
  })
  t.is((await dig(alone.neighbour, AT, '-b', NEIGHBOUR_ADDRESS, '+time=1', 'one.example')).status, 'REFUSED')
})

test('a nameserver that is silent is waited for once', async (t) => {
  const world = await setUp(t, [SILENT, UPSTREAM])
  const asked: Buffer[] = []
  bindUdp(t, world.neighbour, SILENT, 53).on('message', (message) => asked.push(message))
  const client = bindUdp(t, world.neighbour, NEIGHBOUR_ADDRESS)
  for (let id = 1; id <= 5; id++)
    t.is(decode(await askFrom(client, HOST_ADDRESS, question('one.example', 'A', id))).answers?.length, 1)
  t.is(asked.length, 1)
})
