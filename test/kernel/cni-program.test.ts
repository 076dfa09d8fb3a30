import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { cniCommand, pluginFolder } from '../helpers/cni-command.js'
import { callProgram, PROGRAM, startProgram } from '../helpers/cni-program.js'
import { cniWorld, newContainer, variablesOf, WEB } from '../helpers/cni.js'
import { end, start } from '../helpers/command.js'
import { THOROUGH } from '../helpers/thorough.js'
import { eventually, World } from '../helpers/world.js'

/** `slipway-cni`: what it hands to the server, what it does where none is there, and what it puts aside. */

const NOBODY = ['/nonexistent/slipway']

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-cni-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

const queueOf = (world: World): string => join(world.stateDir, String(statSync(world.host.path).ino), 'cni')

test('it hands all to the server, and prints and exits as that says', async (t) => {
  const { world, slipway, server, container } = await cniWorld(t)
  const one = container()
  const call = (command: string, config: unknown, more: object = {}) =>
    callProgram(world, {
      socket: server.socket,
      variables: { ...variablesOf(command, one), ...more },
      config,
      command: NOBODY,
    })
  const { status, stderr, printed } = await call('ADD', WEB)
  t.deepEqual([status, stderr], [0, ''])
  t.deepEqual(printed.dns, { nameservers: ['10.22.0.1'] })
  t.like(await call('CHECK', { ...WEB, prevResult: printed }), { status: 0, stdout: '', stderr: '' })
  t.like(await call('ADD', WEB), { status: 1, stderr: '', printed: { code: 100 } })
  t.like(await call('ADD', '{'), { status: 1, printed: { code: 6 } })
  t.like(await call('ADD', WEB, { CNI_NETNS: '' }), { status: 1, printed: { code: 4 } })
  t.like(await call('ADD', { ...WEB, cniVersion: '9.0.0' }), { status: 1, printed: { code: 1 } })
  t.like(await call('DEL', WEB), { status: 0, stdout: '', stderr: '' })
  t.deepEqual([await slipway.sandboxes.list(), await slipway.networks.list({ type: 'custom' })], [[], []])
})

test('it answers VERSION by itself, and loads no library', async (t) => {
  const world = new World(t)
  const version = (config: string) =>
    callProgram(world, { socket: '/nonexistent', variables: { CNI_COMMAND: 'VERSION' }, config, command: NOBODY })
  const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']
  for (const [config, cniVersion] of [
    ['{"cniVersion":"0.4.0"}', '0.4.0'],
    ['{ "a": 1,\n "cniVersion" : "1.0.0" }', '1.0.0'],
    ['{ "cniVersion": "\\"}" }', '1.1.0'],
    ['{ "cniVersion": 1', '1.1.0'],
    ['"cniVersion":"1.0', '1.1.0'],
    ['', '1.1.0'],
  ] as const)
    t.like(await version(config), { status: 0, stderr: '', printed: { cniVersion, supportedVersions } }, config)
  t.notRegex(
    execFileSync('readelf', ['--program-headers', '--dynamic', PROGRAM], { encoding: 'utf8' }),
    /INTERP|NEEDED/,
  )
})

test('what cannot be handed on is refused with the code for it', async (t) => {
  const { world, server, container } = await cniWorld(t)
  const variables = variablesOf('ADD', container())
  const call = (more: object, config: unknown) =>
    callProgram(world, { socket: server.socket, variables: { ...variables, ...more }, config, command: NOBODY })
  t.like(await call({ CNI_COMMAND: '' }, WEB), { status: 1, printed: { code: 4, cniVersion: '1.1.0' } })
  t.like(await call({ CNI_ARGS: 'a'.repeat(20_000) }, WEB), { status: 1, printed: { code: 4 } })
  const long = await call({}, { ...WEB, long: ' '.repeat(1 << 20) })
  t.like(long, { status: 1, printed: { code: 5 } })
  const wrong = await end(spawn(PROGRAM, ['--nothing']))
  t.is(wrong.status, 1)
  t.regex(wrong.stdout, /takes --socket PATH/)
})

test('without a server it runs the command, also where another plugin gives the address', async (t) => {
  const { world, server, plugin, container } = await cniWorld(t)
  const [one, other] = [container(), container()]
  const socket = join(folderOf(t), 'nobody')
  t.like(await callProgram(world, { socket, variables: variablesOf('ADD', one), config: WEB }), {
    status: 0,
    printed: { ips: [{ address: '10.22.0.2/24' }], dns: {} },
  })
  t.like(await callProgram(world, { socket, variables: variablesOf('DEL', one), config: WEB }), {
    status: 0,
    stdout: '',
  })
  const gives = `[ $CNI_COMMAND = ADD ] && echo '{ "ips": [{ "address": "10.40.0.7/24" }] }'; true`
  const { path, log } = pluginFolder(t, 'ours', gives)
  const delegated = { socket: server.socket, config: { ...WEB, ipam: { type: 'ours' } } }
  // The server runs no programs for who may connect to it.
  const calls = (command: string) => ({ ...variablesOf(command, other), CNI_PATH: path })
  t.is((await plugin(calls('ADD'), delegated.config)).printed.code, 109)
  t.false(existsSync(log))
  const added = await callProgram(world, { ...delegated, variables: calls('ADD') })
  t.deepEqual(added.printed.ips?.[0]?.address, '10.40.0.7/24', added.stdout)
  t.like(await callProgram(world, { ...delegated, variables: calls('DEL') }), { status: 0, stdout: '' })
})

test('without anybody, a deletion is put aside for whoever comes, and all else is refused', async (t) => {
  const world = new World(t)
  const container = newContainer(world, 0)
  t.true((await cniCommand(world, variablesOf('ADD', container), WEB)).done)
  const nobody = (command: string) =>
    callProgram(world, {
      socket: '/nonexistent',
      variables: variablesOf(command, container),
      config: WEB,
      command: NOBODY,
    })
  for (const command of ['ADD', 'CHECK', 'STATUS', 'GC']) {
    const { status, printed } = await nobody(command)
    t.deepEqual([status, printed.code, printed.cniVersion], [1, 50, '1.1.0'], command)
  }
  for (let time = 0; time < 2; time++) t.like(await nobody('DEL'), { status: 0, stdout: '' })
  const queue = queueOf(world)
  const [file = '', ...more] = readdirSync(queue)
  t.deepEqual(more, [])
  t.regex(file, /^[0-9a-f]{16}$/)
  t.deepEqual([statSync(queue).mode & 0o777, statSync(join(queue, file)).mode & 0o777], [0o700, 0o600])

  const socket = join(folderOf(t), 's')
  const server = start(world, ['serve', '-H', `unix://${socket}`])
  const closed = once(server, 'close')
  t.teardown(async () => {
    server.kill('SIGKILL')
    await closed
  })
  t.true(await eventually(() => readdirSync(queue).length === 0, 20_000))
  const slipway = await world.open()
  t.deepEqual(await slipway.sandboxes.list(), [])
})

test('a folder that is not ours alone takes nothing, and that is said', async (t) => {
  const world = new World(t)
  const container = newContainer(world, 0)
  const folder = folderOf(t)
  chmodSync(folder, 0o777)
  const { status, printed } = await callProgram(
    { host: world.host, stateDir: folder },
    { socket: '/nonexistent', variables: variablesOf('DEL', container), config: WEB, command: NOBODY },
  )
  t.deepEqual([status, printed.code], [1, 5])
})

/** A server that takes a request and does something with the connection. */
async function strangeServer(t: ExecutionContext, answer: (socket: Socket) => void): Promise<string> {
  const path = join(folderOf(t), 's')
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => answer(socket))
  }).listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return path
}

test('a server that does not answer, or not as it should, may have done it: ADD is to be tried again, DEL is done', async (t) => {
  const world = new World(t)
  const container = newContainer(world, 0)
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.slipway.cni+json\r\n'
  for (const [answer, add, del] of [
    ['', 11, 0],
    ['nothing of HTTP\r\n\r\n', 11, 0],
    [`${head}\r\n`, 11, 0],
    [`${head}Content-Length: 99999999999999999999\r\n\r\n`, 11, 0],
    [`${head}Content-Length: -1\r\n\r\n{}`, 11, 0],
    [`${head}Content-Length: 10\r\n\r\n{}`, 11, 0],
    // An older one, of which nothing was made.
    ['HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}', 50, 0],
    [`${head.replace('200 OK', '421 Misdirected')}Content-Length: 2\r\n\r\n{}`, 50, 0],
  ] as const) {
    const socket = await strangeServer(t, (client) => client.end(answer))
    const call = (command: string) =>
      callProgram(world, { socket, variables: variablesOf(command, container), config: WEB, command: NOBODY })
    const [added, deleted] = [await call('ADD'), await call('DEL')]
    t.deepEqual([added.status, added.printed.code, deleted.status], [1, add, del], answer)
  }
  t.is(readdirSync(queueOf(world)).length, 1)
})

test('a runtime that writes without end is refused, and one that has gone leaves nothing behind', async (t) => {
  const { world, server, slipway, container } = await cniWorld(t)
  const one = container()
  const call = { socket: server.socket, variables: variablesOf('ADD', one), config: WEB, command: NOBODY }
  const child = startProgram(world, call)
  const write = (): void => void child.stdin?.write(' '.repeat(1 << 16), (error) => (error ? undefined : write()))
  write()
  t.like(await end(child), { status: 1, stderr: '' })
  // Killed while it waits for the rest of stdin: the server has heard of nothing.
  const killed = startProgram(world, call)
  killed.stdin?.write('{')
  killed.kill('SIGKILL')
  await once(killed, 'close')
  t.deepEqual(await slipway.sandboxes.list(), [])
})

test('a server that is killed while containers come leaves none half made, and those that come next are made', async (t) => {
  const world = new World(t)
  const socket = join(folderOf(t), 's')
  const containers = Array.from({ length: THOROUGH ? 20 : 6 }, (_, number) => newContainer(world, number))
  const serve = async () => {
    const server = start(world, ['serve', '-H', `unix://${socket}`])
    const closed = once(server, 'close')
    t.teardown(async () => {
      server.kill('SIGKILL')
      await closed
    })
    await once(server.stderr ?? server, 'data')
    return server
  }
  const call = (command: string, index: number) =>
    callProgram(world, {
      socket,
      variables: variablesOf(command, containers[index] ?? newContainer(world, 99)),
      config: WEB,
    })
  const first = await serve()
  const adding = containers.map((_, index) => call('ADD', index))
  await Promise.race(adding)
  first.kill('SIGKILL')
  const added = await Promise.all(adding)
  // Done, not answered, or by a process of its own.
  t.true(
    added.every(({ done, printed }) => done || printed.code === 11),
    JSON.stringify(added),
  )
  await serve()
  const slipway = await world.open()
  for (const [index, { done }] of added.entries()) {
    if (done) continue
    t.true((await call('DEL', index)).done)
    const again = await call('ADD', index)
    t.true(again.done, again.stdout)
  }
  t.is((await slipway.sandboxes.list()).length, containers.length)
  for (const index of containers.keys()) t.true((await call('DEL', index)).done)
  t.deepEqual([await slipway.sandboxes.list(), await slipway.networks.list({ type: 'custom' })], [[], []])
})
