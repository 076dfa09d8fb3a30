import { readFileSync } from 'node:fs'
import http, { createServer, type RequestListener, type Server } from 'node:http'
import https, { createServer as createHttpsServer } from 'node:https'
import { buffer as bytesOf, text as textOf } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import type { Sandbox, SandboxAgent } from '#lib/index.js'
import { addressOf, closing, descriptors, hello, onWeb } from '../helpers/inside.js'
import { eventually, World } from '../helpers/world.js'

/** HTTP from inside a sandbox: one agent for node:http, node:https and fetch. */

const TLS = {
  key: readFileSync('test/fixtures/tls/db.key'),
  cert: readFileSync('test/fixtures/tls/db.crt'),
}

interface Scene {
  db: Sandbox
  app: Sandbox
  agent: SandboxAgent
}

async function setUp(t: ExecutionContext, options: object = {}): Promise<Scene> {
  const [, db, app] = await onWeb(t, new World(t), 'db', 'app')
  if (!db || !app) throw new Error('no sandboxes')
  const agent = app.agent(options)
  t.teardown(() => agent.destroy())
  return { db, app, agent }
}

const serve = (t: ExecutionContext, listener: RequestListener) => closing(t, createServer(listener))

/** The text of what an older request gets. */
const get = (url: string, options: https.RequestOptions): Promise<string> =>
  new Promise((resolve, reject) => {
    const { get } = url.startsWith('https:') ? https : http
    get(url, options, (response) => resolve(textOf(response))).on('error', reject)
  })

const text = async (url: string, dispatcher: SandboxAgent, options: RequestInit = {}): Promise<string> =>
  (await fetch(url, { ...options, dispatcher })).text()

test('fetch and http.get reach a server of another sandbox by name and by address of either family', async (t) => {
  const { db, app, agent } = await setUp(t)
  await db.listen(hello(t), { port: 80 })
  await db.listen(hello(t), { port: 8080 })
  const [own4, own6] = [`::ffff:${addressOf(app)}`, addressOf(app, 6)]
  for (const [url, from] of [
    ['http://db/a?b=c', own6],
    [`http://${db.name}:8080/a?b=c`, own6],
    [`http://${addressOf(db)}/a?b=c`, own4],
    [`http://[${addressOf(db, 6)}]:8080/a?b=c`, own6],
  ] as const) {
    t.is(await text(url, agent), `${from} asks for /a?b=c`, url)
    t.is(await get(url, { agent }), `${from} asks for /a?b=c`, url)
  }
  t.is(await text('http://db/', agent), `${own6} asks for /`)
  const refused = (await t.throwsAsync(text('http://db:81/', agent))) as { cause: { code: string } }
  t.is(refused.cause.code, 'ECONNREFUSED')
  const unknown = await t.throwsAsync<NodeJS.ErrnoException>(get('http://nobody/', { agent }))
  t.deepEqual([unknown?.code, unknown?.message], ['ENOTFOUND', 'getaddrinfo ENOTFOUND nobody'])
})

test('a certificate is checked by the name that was asked for, and named to the server', async (t) => {
  const { db, app, agent } = await setUp(t)
  const names: (string | false | undefined)[] = []
  const server = closing(
    t,
    createHttpsServer(TLS, (request, response) => {
      names.push((request.socket as unknown as { servername: string }).servername)
      response.end('safe')
    }),
  )
  await db.listen(server, { port: 443 })
  const trusting = app.agent({ ca: TLS.cert })
  t.teardown(() => trusting.destroy())
  t.is(await text('https://db/', trusting), 'safe')
  t.is(await get('https://db/', { agent: trusting }), 'safe')
  t.is(
    await new Promise<string>((resolve, reject) => {
      https
        .get({ host: 'db', agent: trusting }, (response) => response.on('data', (data) => resolve(String(data))))
        .on('error', reject)
    }),
    'safe',
  )
  t.deepEqual(new Set(names), new Set(['db']))
  const other = (await t.throwsAsync(text(`https://${db.name}/`, trusting))) as { cause: { code: string } }
  t.is(other.cause.code, 'ERR_TLS_CERT_ALTNAME_INVALID')
  const unknown = (await t.throwsAsync(text('https://db/', agent))) as { cause: { code: string } }
  t.is(unknown.cause.code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
  t.is(await get('https://db/', { agent, rejectUnauthorized: false }), 'safe')
})

test('bodies of every kind go out, and answers of every kind come back', async (t) => {
  const { db, agent } = await setUp(t)
  const large = Buffer.alloc(2 << 20, 'x')
  const server = serve(t, (request, response) => {
    if (request.url === '/large') return void response.end(large)
    if (request.url === '/moved') return void response.writeHead(307, { location: '/kept' }).end()
    if (request.url === '/cookies') return void response.setHeader('set-cookie', ['a=1', 'b=2']).end()
    if (request.url === '/cut')
      return void response.writeHead(200, { 'content-length': 9 }).write('abc', () => response.destroy())
    const { method, headers } = request
    const framed = headers['content-length'] ?? headers['transfer-encoding']
    void bytesOf(request).then((body) => response.end(`${method} ${framed} ${body.length}`))
  })
  await db.listen(server, { port: 80 })
  const post = (body: RequestInit['body'], url = 'http://db/') =>
    text(url, agent, { method: 'POST', body: body ?? null, duplex: 'half' })
  t.is(await post('grüße'), 'POST 7 7')
  t.is(await post(new Uint8Array(5)), 'POST 5 5')
  t.is(await post(new Blob(['abc'])), 'POST 3 3')
  t.is(await post(new URLSearchParams({ a: 'b' })), 'POST 3 3')
  t.regex(await post(Object.assign(new FormData(), {})), /^POST \d+ \d+$/)
  t.is(await post(null), 'POST 0 0')
  t.is(await post(new Blob(['abc', 'def']).stream()), 'POST chunked 6')
  t.is(await post('abc', 'http://db/moved'), 'POST 3 3')
  t.is((await (await fetch('http://db/large', { dispatcher: agent })).arrayBuffer()).byteLength, large.length)
  t.deepEqual((await fetch('http://db/cookies', { dispatcher: agent })).headers.getSetCookie(), ['a=1', 'b=2'])
  await t.throwsAsync(text('http://db/cut', agent))
  await t.throwsAsync(post(new ReadableStream({ start: (to) => to.error(new Error('no more')) })))
})

/** A handler in the form of undici up to 7, and one in that of 8: both get the same. */
const HANDLERS = {
  older: (said: string[], done: () => void) => ({
    onConnect: () => said.push('start'),
    onHeaders: (status: number, headers: Buffer[]) =>
      said.push(`${status} ${headers.includes(headers[0] as Buffer)}`) > 0,
    onData: (chunk: Buffer) => said.push(`data ${chunk}`) > 0,
    onComplete: () => (said.push('end'), done()),
    onError: (error: Error) => (said.push(`error ${error.message}`), done()),
  }),
  newer: (said: string[], done: () => void) => ({
    onRequestStart: () => said.push('start'),
    onResponseStart: (_: unknown, status: number, headers: Record<string, string>) =>
      said.push(`${status} ${headers['x-test'] === 'yes'}`),
    onResponseData: (controller: { pause(): void; resume(): void }, chunk: Buffer) => {
      controller.pause()
      setImmediate(() => controller.resume())
      said.push(`data ${chunk}`)
    },
    onResponseEnd: () => (said.push('end'), done()),
    onResponseError: (_: unknown, error: Error) => (said.push(`error ${error.message}`), done()),
  }),
}

test('handlers of older and newer versions of undici are told the same', async (t) => {
  const { db, agent } = await setUp(t)
  await db.listen(
    serve(t, (_, response) => void response.setHeader('x-test', 'yes').end('abc')),
    { port: 80 },
  )
  for (const [form, handler] of Object.entries(HANDLERS)) {
    const said: string[] = []
    const request = (options: object) =>
      new Promise<void>((resolve) =>
        (agent as unknown as { dispatch(options: object, handler: object): void }).dispatch(
          { origin: 'http://db', path: '/', method: 'GET', headers: ['x-a', 'b'], ...options },
          handler(said, resolve),
        ),
      )
    await request({})
    t.deepEqual(said, ['start', '200 true', 'data abc', 'end'], form)
    await request({ path: 'not a path' })
    t.regex(said.slice(4).join(), /^start,error .*(path|character)/i, form)
    await request({ headers: { 'bad name': 'x' } })
    t.regex(said.slice(6).join(), /^start,error .*name/i, form)
  }
})

const openConnections = (server: Server) =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )

test('connections are kept and used again, up to a limit, and closed with the agent', async (t) => {
  const { db, app, agent } = await setUp(t, { maxSockets: 2 })
  const ports = new Set<number>()
  let open = 0
  let most = 0
  let never = 0
  const server = serve(t, (request, response) => {
    ports.add(request.socket.remotePort ?? 0)
    if (request.url === '/never') return void never++
    most = Math.max(most, ++open)
    setImmediate(() => response.end(`${open--}`))
  })
  await db.listen(server, { port: 80 })
  await text('http://db/', agent)
  await get('http://db/', { agent })
  t.is(ports.size, 1, 'the second request has the connection of the first')
  await Promise.all(Array.from({ length: 20 }, () => text('http://db/', agent)))
  t.true(most <= 2 && ports.size <= 3, `${most} at once, ${ports.size} connections`)
  // Those that fail let the next ones in.
  const failed = await Promise.allSettled(Array.from({ length: 6 }, () => text('http://db:81/', agent)))
  t.true(failed.every(({ status }) => status === 'rejected'))

  await agent.destroy()
  server.closeAllConnections()
  t.true(await eventually(() => openConnections(server).then((count) => count === 0)))

  const before = descriptors()
  const second = app.agent()
  const controller = new AbortController()
  const aborted = t.throwsAsync(text('http://db/never', second, { signal: controller.signal }), { any: true })
  t.true(await eventually(() => never === 1))
  controller.abort()
  t.is(((await aborted) as DOMException).name, 'AbortError')
  const last = text('http://db/', second)
  await second.close()
  t.is(await last, '1', 'what was under way has ended')
  await t.throwsAsync(text('http://db/', second), { message: 'fetch failed' })
  const third = app.agent()
  const ended = t.throwsAsync(text('http://db/never', third))
  t.true(await eventually(() => never === 2))
  await third.destroy()
  await ended
  t.true(await eventually(() => descriptors() <= before), `${descriptors()} descriptors, ${before} before`)
})

test('a connection that the server has closed meanwhile is made anew', async (t) => {
  const { db, agent } = await setUp(t)
  const server = serve(t, (request, response) => {
    response.end('ok')
    // Without a word, as a server does that has waited long enough.
    if (request.url === '/last') response.once('close', () => request.socket.destroy())
  })
  await db.listen(server, { port: 80 })
  for (let round = 0; round < 5; round++) {
    t.is(await text('http://db/last', agent), 'ok')
    t.is(await text('http://db/', agent), 'ok')
  }
})
