import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { decode, encode } from 'dns-packet'
import type { NamedEndpoint } from '#lib/names/directory.js'
import { RCODE, rcodeOf } from '#lib/names/resolver/message.js'
import {
  askFrom,
  bindUdp,
  dig,
  endpoint,
  question,
  serveDnsmasq,
  serveNames,
  serveUdpNames,
  tableOf,
} from '../helpers/names.js'
import { HOST_ADDRESS, ip, NEIGHBOUR_ADDRESS, OTHER_HOST_ADDRESS, World, type Place } from '../helpers/world.js'

const AT = `@${HOST_ADDRESS}`
/** Where the client asks from: the upstream has the neighbour's other addresses. */
const CLIENT = NEIGHBOUR_ADDRESS
const UPSTREAM = '192.0.2.53'
const SILENT = '192.0.2.54'

/**
 * A resolver on the host, a client of it and addresses for nameservers at the neighbour. Nothing of it is in this
 * process's namespace.
 */
async function oneClient(t: ExecutionContext, upstreams: readonly string[], given: Partial<NamedEndpoint> = {}) {
  const world = new World(t)
  for (const address of [UPSTREAM, SILENT])
    ip('-n', world.neighbour.name, 'address', 'add', `${address}/32`, 'dev', 'eth0')
  const client = endpoint({ sandbox: 'client', addresses: [CLIENT], upstreams, ...given })
  const resolver = serveNames(t, world.host, [HOST_ADDRESS], tableOf(client).directory('web'))
  return { world, client: world.neighbour, resolver }
}

/** A nameserver of Debian's that knows `one`, `ready.test`, `one.example` and a hundred addresses of `many.example`. */
function serveExample(t: ExecutionContext, world: World, place: Place, ...options: string[]): Promise<void> {
  const file = join(world.stateDir, 'example')
  const many = Array.from({ length: 100 }, (_, n) => `198.51.100.${n} many.example`)
  writeFileSync(file, ['203.0.113.1 one.example one ready.test', '2001:db8::1 one.example', ...many, ''].join('\n'))
  return serveDnsmasq(t, place, UPSTREAM, file, ...options)
}

const askAll = async (place: Place, ...args: string[]) => {
  const { status, answers } = await dig(place, AT, ...args)
  return [status, ...answers]
}

test('what is no name of ours is asked for elsewhere, by UDP and TCP', async (t) => {
  const { world, client } = await oneClient(t, [UPSTREAM])
  await serveExample(t, world, world.neighbour, '--txt-record=text.example,hello', '--local=/example/')
  for (const protocol of ['+notcp', '+tcp']) {
    t.deepEqual(await askAll(client, protocol, 'one.example'), ['NOERROR', '203.0.113.1'])
    t.deepEqual(await askAll(client, protocol, 'one.example', 'AAAA'), ['NOERROR', '2001:db8::1'])
    t.deepEqual(await askAll(client, protocol, 'one'), ['NOERROR', '203.0.113.1'])
    t.deepEqual(await askAll(client, protocol, 'text.example', 'TXT'), ['NOERROR', '"hello"'])
    t.deepEqual(await askAll(client, protocol, '-x', '203.0.113.1'), ['NOERROR', 'one.example.'])
    t.deepEqual(await askAll(client, protocol, 'nobody.example'), ['NXDOMAIN'])
    t.deepEqual(await askAll(client, protocol, 'client'), ['NOERROR', CLIENT])
  }
})

test('with ndots set, a name without a dot is left to the search domains', async (t) => {
  const { world, client } = await oneClient(t, [UPSTREAM], { forwardsSingleNames: false })
  await serveExample(t, world, world.neighbour)
  t.deepEqual(await askAll(client, 'one'), ['NOERROR'])
  t.deepEqual(await askAll(client, 'one.example'), ['NOERROR', '203.0.113.1'])
})

test('an upstream is asked on IPv6, and one of our own resolvers is one like any other', async (t) => {
  const { world, client } = await oneClient(t, ['fd00::9'])
  ip('-n', world.host.name, 'address', 'add', 'fd00::1/64', 'dev', 'uplink', 'nodad')
  ip('-n', world.neighbour.name, 'address', 'add', 'fd00::9/64', 'dev', 'eth0', 'nodad')
  const others = tableOf(endpoint({ sandbox: 'far', addresses: ['fd00::1', '203.0.113.7'] }))
  serveNames(t, world.neighbour, ['fd00::9'], others.directory('web'))
  t.deepEqual(await askAll(client, 'far'), ['NOERROR', '203.0.113.7'])
  t.deepEqual(await askAll(client, '+tcp', 'far'), ['NOERROR', '203.0.113.7'])
})

test('the next upstream is asked when one is silent, not there, or fails', async (t) => {
  const failing = '192.0.2.55'
  const { world, client } = await oneClient(t, [SILENT, failing, UPSTREAM])
  ip('-n', world.neighbour.name, 'address', 'add', `${failing}/32`, 'dev', 'eth0')
  bindUdp(t, world.neighbour, SILENT, 53)
  serveUdpNames(t, world.neighbour, failing, (message) => [
    encode({
      type: 'response',
      id: message.readUInt16BE(0),
      flags: RCODE.refused,
      questions: decode(message).questions ?? [],
    }),
  ])
  await serveExample(t, world, world.neighbour)
  t.deepEqual(await askAll(client, 'one.example'), ['NOERROR', '203.0.113.1'])
  // Nobody listens there by TCP: two refused connections.
  t.deepEqual(await askAll(client, '+tcp', 'one.example'), ['NOERROR', '203.0.113.1'])
})

test('when no upstream answers in time, the question fails before the client gives up', async (t) => {
  const { world, client } = await oneClient(t, [SILENT, '192.0.2.55', UPSTREAM, '192.0.2.56'])
  bindUdp(t, world.neighbour, SILENT, 53)
  t.deepEqual(await askAll(client, 'one.example'), ['SERVFAIL'])
})

test('a nameserver that the host has no route to is passed over', async (t) => {
  const { world, client } = await oneClient(t, ['198.51.100.53', '2001:db8::53', UPSTREAM])
  await serveExample(t, world, world.neighbour)
  for (const protocol of ['+notcp', '+tcp'])
    t.deepEqual(await askAll(client, protocol, 'one.example'), ['NOERROR', '203.0.113.1'])
  const nowhere = await oneClient(t, ['198.51.100.53'])
  for (const protocol of ['+notcp', '+tcp'])
    t.deepEqual(await askAll(nowhere.client, protocol, 'one.example'), ['SERVFAIL'])
})

test('a resolver never asks itself', async (t) => {
  const { client } = await oneClient(t, [HOST_ADDRESS])
  t.deepEqual(await askAll(client, 'one.example'), ['SERVFAIL'])
})

test('what an upstream cuts is fetched whole by TCP, when the client has room for it', async (t) => {
  const { world, client } = await oneClient(t, [UPSTREAM])
  await serveExample(t, world, world.neighbour, '--edns-packet-max=512')
  const whole = await dig(client, AT, '+ignore', '+bufsize=4096', 'many.example')
  t.is(whole.answers.length, 100)
  t.false(whole.flags.includes('tc'))
  t.true((await dig(client, AT, '+ignore', '+noedns', 'many.example')).flags.includes('tc'))
  t.is((await dig(client, AT, '+noedns', 'many.example')).answers.length, 100)
})

test('what a nameserver sends that is longer than the client has room for is cut', async (t) => {
  const { world, client } = await oneClient(t, [UPSTREAM])
  serveUdpNames(t, world.neighbour, UPSTREAM, (message) => {
    const { id = 0, questions = [] } = decode(message)
    const answers = Array.from({ length: 300 }, (_, n) => ({
      type: 'A' as const,
      name: 'many.example',
      data: `198.51.100.${n % 256}`,
    }))
    return [encode({ type: 'response', id, questions, answers })]
  })
  for (const room of ['+noedns', '+bufsize=4096', '+bufsize=60000']) {
    const { status, flags, answers } = await dig(client, AT, '+ignore', room, 'many.example')
    t.deepEqual([status, flags.includes('tc'), answers.length], ['NOERROR', true, 0], room)
  }
})

test('only the answer to the very question is believed, from who was asked', async (t) => {
  const { world, client } = await oneClient(t, [UPSTREAM])
  const ids = new Set<number>()
  const ports = new Set<number>()
  const answerWith = (message: Buffer, data: string, change: { id?: number; name?: string; type?: 'query' }) => {
    const { id = 0, questions = [] } = decode(message)
    const [asked] = questions
    const name = change.name ?? asked?.name ?? ''
    return encode({
      type: change.type ?? 'response',
      id: change.id ?? id,
      questions: [{ type: 'A', name }],
      answers: [{ type: 'A', name, data }],
    })
  }
  const forger = bindUdp(t, world.neighbour, SILENT, 53)
  const upstream = bindUdp(t, world.neighbour, UPSTREAM, 53)
  upstream.on('message', (message, from) => {
    const id = message.readUInt16BE(0)
    ids.add(id)
    ports.add(from.port)
    const forged = [
      answerWith(message, '203.0.113.66', { id: id ^ 1 }),
      answerWith(message, '203.0.113.66', { name: 'two.example' }),
      answerWith(message, '203.0.113.66', { type: 'query' }),
      Buffer.alloc(0),
      message.subarray(0, 14),
    ]
    forger.send(answerWith(message, '203.0.113.66', {}), from.port, from.address, () => {
      for (const reply of [...forged, answerWith(message, '203.0.113.1', { name: 'ONE.example' })])
        upstream.send(reply, from.port, from.address)
    })
  })
  const socket = bindUdp(t, world.neighbour, CLIENT)
  for (let n = 0; n < 20; n++) {
    const answer = await askFrom(socket, HOST_ADDRESS, question('one.example', 'A', 7))
    t.is(answer.readUInt16BE(0), 7)
    t.deepEqual(
      decode(answer).answers?.map((record) => 'data' in record && record.data),
      ['203.0.113.1'],
    )
  }
  t.true(ids.size > 10 && ports.size > 10, `${ids.size} ids, ${ports.size} ports`)
  t.is((await dig(client, AT, 'one.example')).answers.length, 1)
})

test.serial(
  'past a thousand questions under way, further ones are refused, and own names still answered',
  async (t) => {
    const { world, client, resolver } = await oneClient(t, [SILENT])
    bindUdp(t, world.neighbour, SILENT, 53)
    const socket = bindUdp(t, world.neighbour, CLIENT)
    // By id: the 1025th question and those after it.
    const refused: number[] = []
    socket.on('message', (message) => {
      if (rcodeOf(message) === RCODE.refused) refused.push(message.readUInt16BE(0))
    })
    // Within the four seconds after which the first are given up; the resolver, on this event loop too, has its turn.
    for (let first = 1; first <= 1030; first += 103) {
      const some = Array.from({ length: 103 }, (_, n) => question('one.example', 'A', first + n))
      await Promise.all(some.map((one) => new Promise((resolve) => socket.send(one, 53, HOST_ADDRESS, resolve))))
      await new Promise((resolve) => setImmediate(resolve))
    }
    while (refused.length < 6) await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })
    t.deepEqual(refused.sort(), [1025, 1026, 1027, 1028, 1029, 1030])
    t.deepEqual(await askAll(client, 'client'), ['NOERROR', CLIENT])
    await resolver.close()
  },
)

test('a resolver on another address of the host does not mind this one', async (t) => {
  const { world, client } = await oneClient(t, [OTHER_HOST_ADDRESS])
  const others = tableOf(endpoint({ sandbox: 'far', addresses: [HOST_ADDRESS, OTHER_HOST_ADDRESS, '203.0.113.7'] }))
  serveNames(t, world.host, [OTHER_HOST_ADDRESS], others.directory('web'))
  t.deepEqual(await askAll(client, 'far'), ['NOERROR', HOST_ADDRESS, OTHER_HOST_ADDRESS, '203.0.113.7'])
})
