import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import type { NetworkInspect } from 'slipway'
import { call, serveApi, type Answer } from '../helpers/api-server.js'
import { links } from '../helpers/command.js'
import { eventually, World } from '../helpers/world.js'

/** What a server does with what no honest client sends, and with very many at once. */

const message = ({ json }: Answer): string => (json as { message: string }).message

/** The first answer that comes, and then the client goes. */
async function answerTo(socket: Socket): Promise<string> {
  let text = ''
  const isWhole = () => {
    const [head = '', body] = text.split('\r\n\r\n')
    return body !== undefined && body.length >= Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
  }
  socket.on('error', () => undefined)
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (isWhole()) socket.destroy()
  })
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

/** All that comes until the server closes the connection. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  // A server that has said enough reads no more.
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

test('a path, a method and a version that there are not', async (t) => {
  const world = new World(t)
  const server = await serveApi(t, await world.open())
  const rows: [string, string, number, RegExp][] = [
    ['GET', '/', 404, /^page not found$/],
    ['GET', '/networks/a/b/c', 404, /^page not found$/],
    ['PUT', '/networks', 404, /^page not found$/],
    [
      'GET',
      '/v1.43/networks',
      400,
      /^client version 1\.43 is too old\. Minimum supported API version is 1\.44, please/,
    ],
    ['GET', '/v1.9/networks', 400, /too old/],
    ['GET', '/v1.57/networks', 400, /^client version 1\.57 is too new\. Maximum supported API version is 1\.56$/],
    ['GET', '/v10.0/_ping', 400, /too new/],
    ['GET', '/vx/networks', 404, /^page not found$/],
    ['GET', '/networks/%zz', 400, /percent sign/],
    ['GET', '/networks/nope?verbose=maybe', 400, /invalid value for verbose/],
    ['GET', '/networks?filters=nonsense', 400, /invalid filter/],
    ['GET', '/networks?filters=[]', 400, /invalid filter/],
    ['GET', '/networks?filters={"name":5}', 400, /invalid filter/],
    ['GET', '/networks?filters={"name":["bridge"],"colour":["red"]}', 400, /invalid filter 'colour'/],
    ['POST', '/images/create', 501, /has no images/],
  ]
  for (const [method, path, status, words] of rows) {
    const answer = await call(server, method, path)
    t.is(answer.status, status, path)
    t.regex(message(answer), words, path)
    t.is(answer.headers['content-type'], 'application/json')
  }
  t.like(await call(server, 'OPTIONS', '/networks'), { status: 200, body: '' })
  for (const path of ['/v1.44/networks', '/v1.56/networks', '/networks', '/networks/'])
    t.is((await call(server, 'GET', path)).status, 200, path)
  t.deepEqual(server.logged, [])
})

test('ping says what clients go by', async (t) => {
  const world = new World(t)
  const server = await serveApi(t, await world.open())
  const head = await call(server, 'HEAD', '/_ping')
  t.is(head.status, 200)
  t.is(head.body, '')
  t.like(head.headers, { 'api-version': '1.56', ostype: 'linux', 'docker-experimental': 'false', swarm: 'inactive' })
  t.like(await call(server, 'GET', '/v1.50/_ping'), { status: 200, body: 'OK' })
})

test('a body that is none, or says what there is not', async (t) => {
  const world = new World(t)
  const server = await serveApi(t, await world.open())
  const rows: [unknown, number, RegExp][] = [
    ['{', 400, /^invalid JSON: /],
    ['{} {}', 400, /^invalid JSON: /],
    ['[]', 400, /the body must be an object/],
    ['"web"', 400, /the body must be an object/],
    ['null', 400, /^Name must be a name/],
    ['', 400, /^Name must be a name/],
    [{ Name: 5 }, 400, /^invalid JSON: Name must be a text, and is 5$/],
    [{ Name: 'a b' }, 400, /^Name must be a name/],
    [{ Name: 'web', Internal: 'yes' }, 400, /Internal must be true or false/],
    [{ Name: 'web', Labels: { a: 1 } }, 400, /Labels must be an object of texts/],
    [{ Name: 'web', IPAM: { Config: [{ Subnet: 7 }] } }, 400, /IPAM\.Config\[0\]\.Subnet must be a text/],
    [{ Name: 'web', IPAM: { Config: [{ Gateway: '172.30.0.1' }] } }, 400, /^IPAM\.Config\[0\]\.Subnet is missing/],
    [{ Name: 'web', IPAM: { Config: [{ Subnet: '172.30.0.0/99' }] } }, 400, /172\.30\.0\.0\/99/],
    [`{"Name":"${'x'.repeat(300 << 10)}"}`, 413, /longer than/],
    ['['.repeat(200 << 10), 400, /invalid JSON/],
  ]
  for (const [body, status, words] of rows) {
    const answer = await call(server, 'POST', '/networks/create', body)
    t.is(answer.status, status, JSON.stringify(body)?.slice(0, 80))
    t.regex(message(answer), words)
  }
  const typed = await call(server, 'POST', '/networks/create', '{"Name":"web"}', {
    headers: { 'Content-Type': 'text/plain' },
  })
  t.is(typed.status, 400)
  t.is(message(typed), "unsupported Content-Type header (text/plain): must be 'application/json'")
  t.deepEqual(links(world), ['lo', 'uplink'])

  // Docker passes over what it does not know, and reads names in any letters.
  const made = await call(server, 'POST', '/networks/create', {
    name: 'web',
    Colour: 'red',
    Driver: null,
    Labels: null,
    IPAM: { Driver: 'default', Options: null, Config: [{}] },
  })
  t.is(made.status, 201)
  const network = (await call(server, 'GET', '/networks/web')).json as NetworkInspect
  t.is(network.Id, (made.json as { Id: string }).Id)
  t.is((await call(server, 'DELETE', '/networks/web')).status, 204)
  // Compose asks for it, and to one host it says nothing.
  const attachable = await call(server, 'POST', '/networks/create', { Name: 'web', Attachable: true })
  t.regex((attachable.json as { Warning: string }).Warning, /Attachable changes nothing/)
  t.is((await call(server, 'DELETE', '/networks/web')).status, 204)
  t.deepEqual(server.logged, [])
})

test('the status is docker’s', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const server = await serveApi(t, slipway)
  const app = await world.create(slipway, 'app')
  const create = (body: object) => call(server, 'POST', '/networks/create', body)
  t.is((await create({ Name: 'web', IPAM: { Config: [{ Subnet: '172.30.0.0/16' }] } })).status, 201)
  const connect = (network: string, body: object) => call(server, 'POST', `/networks/${network}/connect`, body)
  const rows: [string, () => Promise<Answer>, number][] = [
    ['a name that is taken', () => create({ Name: 'web' }), 409],
    ['a network of every host', () => create({ Name: 'bridge' }), 403],
    ['a driver that there is not', () => create({ Name: 'other', Driver: 'overlay' }), 404],
    ['a subnet with host bits', () => create({ Name: 'other', IPAM: { Config: [{ Subnet: '172.31.0.1/16' }] } }), 400],
    ['no sandbox of that name', () => connect('web', { Container: 'nope' }), 404],
    ['no sandbox named', () => connect('web', {}), 400],
    ['no network of that name', () => connect('nope', { Container: app.name }), 404],
    ['the host’s network', () => connect('host', { Container: app.name }), 400],
    [
      'names on the default bridge',
      () => connect('bridge', { Container: app.name, EndpointConfig: { Aliases: ['x'] } }),
      400,
    ],
    ['connected', () => connect('web', { Container: app.name }), 200],
    ['in use', () => call(server, 'DELETE', '/networks/web'), 403],
    ['one that every host has', () => call(server, 'DELETE', '/networks/bridge'), 403],
    ['one that there is not', () => call(server, 'DELETE', '/networks/nope'), 404],
    ['disconnected', () => call(server, 'POST', '/networks/web/disconnect', { Container: app.name }), 200],
    ['removed', () => call(server, 'DELETE', '/networks/web'), 204],
  ]
  for (const [what, ask, status] of rows) {
    const answer = await ask()
    t.is(answer.status, status, `${what}: ${answer.body}`)
  }
  t.deepEqual(server.logged, [])
  await app.remove()
})

test('a body that does not end, headers without end, what is no HTTP', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const server = await serveApi(t, slipway)
  const impatient = await serveApi(t, slipway, { bodyMs: 100 })
  const sendTo = (path: string, ...lines: string[]): Socket => {
    const socket = connect(path)
    socket.write(lines.join('\r\n'))
    return socket
  }
  const send = (...lines: string[]): Socket => sendTo(server.socket, ...lines)
  const post = ['POST /networks/create HTTP/1.1', 'Host: x', 'Content-Type: application/json']
  t.regex(
    await answerTo(sendTo(impatient.socket, ...post, 'Content-Length: 100', '', '{')),
    /^HTTP\/1\.1 408 .*\r\n\r\n\{"message":"The body did not come to its end within 0\.1 s\."\}\n$/s,
  )
  const endless = send(...post, 'Transfer-Encoding: chunked', '', '')
  const more = setInterval(() => endless.write(`10000\r\n${' '.repeat(0x10000)}\r\n`), 1)
  const answer = await answerTo(endless)
  clearInterval(more)
  t.regex(answer, /^HTTP\/1\.1 413 /)
  t.regex(await answerTo(send(...post, 'Transfer-Encoding: chunked', '', 'zz', '')), /^HTTP\/1\.1 400 .*"message"/s)
  t.regex(await answerTo(send('GET / HTTP/1.1', `X: ${'x'.repeat(20 << 10)}`, '', '')), /^HTTP\/1\.1 431 .*"message"/s)
  t.regex(await answerTo(send('\u0016\u0003\u0001 hello', '', '')), /^HTTP\/1\.1 400 .*no request of HTTP/s)
  // Nobody reads what is meant for something else: it is said at once that there is none.
  t.regex(
    await answerTo(send('POST /images/load HTTP/1.1', 'Host: x', 'Content-Length: 100000000', '', 'tar')),
    /^HTTP\/1\.1 501 /,
  )
  t.is((await call(server, 'GET', '/_ping')).status, 200)
  t.deepEqual(server.logged, [])
})

test('a client that goes away leaves a network that is whole, or none', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const server = await serveApi(t, slipway)
  const before = links(world)
  for (const wait of [0, 1, 2, 4, 8, 16]) {
    const body = JSON.stringify({ Name: 'web', Options: { 'com.docker.network.bridge.name': 'br7' } })
    const socket = connect(server.socket)
    socket.write(
      `POST /networks/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await sleep(wait)
    socket.destroy()
    // It comes to its end by itself, one way or the other.
    await eventually(async () => {
      const [network] = await slipway.networks.list({ name: 'web' })
      return links(world).includes('br7') === (network !== undefined)
    })
    const [network] = await slipway.networks.list({ name: 'web' })
    if (network) await network.remove()
    t.deepEqual(links(world), before, `after ${wait} ms`)
    // The request that was given up may begin only now, and be first.
    const statuses = new Set<number>()
    await eventually(async () => {
      const { status } = await call(server, 'POST', '/networks/create', body)
      statuses.add(status)
      if (status !== 201) await (await slipway.networks.list({ name: 'web' }))[0]?.remove().catch(() => undefined)
      return status === 201
    })
    t.true(statuses.has(201) && statuses.size <= 2, [...statuses].join())
    t.like(await call(server, 'DELETE', '/networks/web'), { status: 204 })
  }
})

test('a thousand requests at once are all answered, and so is who comes later', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  for (let i = 0; i < 20; i++) await slipway.networks.create({ name: `net${i}` })
  const server = await serveApi(t, slipway)
  const crowd = Array.from({ length: 1000 }, () => call(server, 'GET', '/v1.51/networks'))
  const answers = await Promise.all(crowd)
  t.true(answers.every(({ status, json }) => status === 200 && (json as unknown[]).length === 23))
  t.is((await call(server, 'GET', '/_ping')).status, 200)
})

test('one connection that asks without end waits for itself, in order', async (t) => {
  const world = new World(t)
  const server = await serveApi(t, await world.open())
  const socket = connect(server.socket)
  const count = 200
  const paths = Array.from({ length: count }, (_, i) => (i === count - 1 ? '/last' : `/networks/n${i}`))
  socket.write(
    paths
      .map((path, i) => `GET ${path} HTTP/1.1\r\nHost: x\r\n${i === count - 1 ? 'Connection: close\r\n' : ''}\r\n`)
      .join(''),
  )
  const text = await untilClosed(socket)
  const named = [...text.matchAll(/"message":"(?:There is no network \\"n(\d+)\\"|(page not found))/g)]
  t.deepEqual(
    named.map(([, number, last]) => last ?? Number(number)),
    [...Array.from({ length: count - 1 }, (_, i) => i), 'page not found'],
  )
})
