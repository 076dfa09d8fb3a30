import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { call } from '../helpers/api-server.js'
import { COMMAND, end, start, type Ended } from '../helpers/command.js'
import { docker } from '../helpers/docker-command.js'
import { addressOf, ask } from '../helpers/names.js'
import { eventually, execIn, World } from '../helpers/world.js'

/** `slipway serve`: a process that stays, its sockets, signals and settings. */

const folderOf = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-serve-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

interface Service {
  child: ChildProcess
  /** What it has logged so far. */
  logged(): string
  /** Waits for words in the log. */
  says(words: RegExp): Promise<void>
  /** Sends a signal, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts it, and waits until it listens. */
async function serve(t: ExecutionContext, world: World, args: string[]): Promise<Service> {
  const child = start(world, ['serve', ...args])
  const closed = once(child, 'close') as Promise<[number | null]>
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text))
  const says = async (words: RegExp) => {
    t.true(await eventually(() => words.test(log) || child.exitCode !== null, 10_000))
    t.regex(log, words)
  }
  await says(/listens on/)
  return {
    child,
    logged: () => log,
    says,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return (await closed)[0]
    },
  }
}

/** A server at a path, which stays when the server is closed. */
async function listenAt(path: string): Promise<Server> {
  const server = createServer().listen(`${path}.made`)
  await once(server, 'listening')
  linkSync(`${path}.made`, path)
  return server
}

const refused = (world: World, ...args: string[]): Promise<Ended> => end(start(world, ['serve', ...args]))

test('it listens until SIGTERM, lets nobody else in, and leaves networks where they are', async (t) => {
  const world = new World(t)
  const [socket, pidFile] = ['s', 'pid'].map((name) => join(folderOf(t), name)) as [string, string]
  const host = `unix://${socket}`
  // A server that was killed has left its socket, and a file with the number of a process that is another by now.
  ;(await listenAt(socket)).close()
  writeFileSync(pidFile, `${process.pid}\n`)

  const service = await serve(t, world, ['-H', host, '--group', '12', '--pid-file', pidFile])
  const { mode, gid } = statSync(socket)
  t.deepEqual([mode & 0o777, gid], [0o660, 12])
  t.is(readFileSync(pidFile, 'utf8'), `${service.child.pid}\n`)
  t.like(await docker(host, 'network', 'create', 'web'), { status: 0 })

  const second = await refused(world, '-H', host)
  t.like(second, { status: 1 })
  t.regex(second.stderr, /A server listens at .* already\. End that one first/)
  t.regex((await refused(world, '-H', `${host}2`, '--pid-file', pidFile)).stderr, /is there already, as .*pid says/)
  t.like(await docker(host, 'network', 'ls', '-q'), { status: 0 })

  t.is(await service.stop(), 0)
  t.regex(service.logged(), /ends\n.*has ended; sandboxes and networks stay\n$/)
  t.false(existsSync(socket))
  t.false(existsSync(pidFile))
  const again = await serve(t, world, ['-H', host, '--log-format', 'json'])
  t.is((await docker(host, 'network', 'ls', '--format', '{{.Name}}', '-f', 'type=custom')).stdout, 'web\n')
  t.is(await again.stop('SIGINT'), 0)
  for (const line of again.logged().trimEnd().split('\n')) t.like(JSON.parse(line), { level: 'info' })
})

test('with --metrics, it tells Prometheus what there is, what was asked and refused, and what was damaged', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', ipv6: true })
  await world.create(slipway, 'app', { network: 'web', publish: ['80', '53/udp'] })
  await world.create(slipway, 'alone', { network: 'none' })
  // The server is to answer the names of all networks.
  await slipway.close()
  const socket = join(folderOf(t), 's')
  const service = await serve(t, world, ['-H', `unix://${socket}`, '--metrics', '127.0.0.1:0', '--pool', '2'])
  const [, address = ''] = /tcp:\/\/(127\.0\.0\.1:\d+)/.exec(service.logged()) ?? []
  t.notRegex(service.logged(), /do anything/)
  const scrape = async (path = '/metrics', init: RequestInit = {}) => {
    const answer = await fetch(`http://${address}${path}`, init)
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
  }
  const says = async (...lines: string[]) => {
    const { text } = await scrape()
    return lines.every((line) => text.split('\n').includes(line))
  }

  t.is((await call({ socket }, 'POST', '/networks/create', { Name: 'front' })).status, 201)
  t.is((await call({ socket }, 'POST', '/networks/create', { Name: 'front' })).status, 409)
  const client = await world.open()
  const shop = await world.create(client, 'shop', { network: 'front' })
  const [subnet = ''] = (await client.networks.get('front')).subnets
  const gateway = subnet.replace(/0\/16$/, '1')
  t.deepEqual(await ask(shop, gateway, shop.name), ['NOERROR', addressOf(shop, 'front')])
  // No nameserver is reached from here.
  t.deepEqual(await ask(shop, gateway, 'nobody'), ['SERVFAIL'])
  execIn(world.host, 'nft', 'delete', 'table', 'inet', 'slipway')
  await service.says(/given back/)

  const { status, type, text } = await scrape()
  t.is(status, 200)
  t.regex(type ?? '', /^text\/plain; version=0\.0\.4/)
  const found = text.split('\n')
  for (const line of [
    'slipway_sandboxes 3',
    'slipway_networks{driver="bridge"} 3',
    'slipway_endpoints{driver="bridge"} 2',
    'slipway_addresses_claimed{family="ipv4"} 2',
    'slipway_addresses_claimed{family="ipv6"} 1',
    'slipway_ports_published{protocol="tcp"} 2',
    'slipway_ports_published{protocol="udp"} 2',
    'slipway_resolver_networks 2',
    'slipway_resolver_questions_total{outcome="own"} 1',
    'slipway_resolver_questions_total{outcome="failed"} 1',
    'slipway_pool_size{network="bridge"} 2',
    'slipway_request_duration_seconds_count{protocol="docker",method="POST",status="201"} 1',
    'slipway_refusals_total{protocol="docker",code="CONFLICT"} 1',
    'slipway_events_total{type="host",action="damaged"} 1',
    '# TYPE slipway_pool_claimed_total counter',
    '# TYPE slipway_plan_duration_seconds histogram',
  ])
    t.true(found.includes(line), `${line}\n${text}`)
  t.true(await eventually(() => says('slipway_pool_ready{network="bridge"} 2')))
  for (const [name, least] of [
    ['process_open_fds', 10],
    ['process_max_fds', 100],
    ['process_resident_memory_bytes', 1e7],
    ['slipway_plan_duration_seconds_count{ahead="false"}', 1],
  ] as const)
    t.true(Number(found.find((line) => line.startsWith(`${name} `))?.split(' ')[1]) >= least, name)

  t.like(await scrape('/metrics', { method: 'POST' }), { status: 405, text: '/metrics takes GET, and no POST.\n' })
  t.like(await scrape('/networks'), { status: 404, text: 'There is only /metrics here.\n' })
  for (const [given, words] of [
    ['192.0.2.1:9323', /tcp:\/\/192\.0\.2\.1:9323 would tell every machine that reaches it of this host/],
    ['nowhere', /behind tcp:\/\/ stands an address of this host/],
  ] as const) {
    const { status: ended, stderr } = await refused(world, '-H', `unix://${socket}2`, '--metrics', given)
    t.is(ended, 2, given)
    t.regex(stderr, words)
  }
  t.is(await service.stop(), 0)
})

test('of several that start at once where a killed one has left its socket, one listens', async (t) => {
  const world = new World(t)
  const socket = join(folderOf(t), 's')
  ;(await listenAt(socket)).close()
  const children = Array.from({ length: 4 }, () => start(world, ['serve', '-H', `unix://${socket}`]))
  const ended: (number | null)[] = []
  for (const child of children) child.once('close', (status) => ended.push(status))
  t.teardown(() => children.forEach((child) => child.kill('SIGKILL')))
  t.true(await eventually(() => ended.length >= 3, 10_000))
  t.deepEqual(ended, [1, 1, 1])
  t.is((await call({ socket }, 'GET', '/_ping')).status, 200)
  const last = children.find((child) => child.exitCode === null)
  last?.kill()
  t.true(await eventually(() => ended.length === 4, 10_000))
  t.deepEqual(ended, [1, 1, 1, 0])
})

test('what is not meant is refused before anything is opened', async (t) => {
  const world = new World(t)
  const folder = folderOf(t)
  const config = join(folder, 'daemon.json')
  writeFileSync(config, JSON.stringify({ hosts: ['unix:///nonexistent/s'], mtu: 1400, 'live-restore': true }))
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const rows: [string[], number, RegExp][] = [
    [['-H', 'x'], 2, /is no address to listen on/],
    [['-H', 'tcp://0.0.0.0:0'], 2, /would let every machine that reaches it do anything/],
    [['-H', 'tcp://127.0.0.1:0', '--tlscert', file], 2, /go with --tlsverify/],
    [['-H', 'tcp://127.0.0.1:0', '--tlsverify'], 2, /--tlsverify goes with/],
    [
      ['--tlsverify', '--tlscacert', file, '--tlscert', file, '--tlskey', file],
      2,
      /--tlscacert .*file is no file of PEM/,
    ],
    [['-H', 'fd://'], 1, /this process was given no socket/],
    [['--group', 'no-such-group'], 2, /There is no group/],
    [['-H', `unix://${file}`], 1, /is no socket: it is not replaced/],
    [['--config', config, '-H', 'unix:///run/x'], 2, /"hosts" stands in .*daemon\.json .* and behind -H/],
    [['--config', join(folder, 'none')], 2, /There is no file/],
    [['--log-level', 'loud'], 2, /log-level/],
  ]
  for (const [args, status, words] of rows) {
    const ended = await refused(world, ...args)
    t.is(ended.status, status, `${args.join(' ')}: ${ended.stderr}`)
    t.regex(ended.stderr, words)
  }
  t.is(readFileSync(file, 'utf8'), '')
})

test('the file of docker’s daemon says where; SIGHUP reads it again', async (t) => {
  const world = new World(t)
  const folder = folderOf(t)
  const [config, socket] = [join(folder, 'daemon.json'), join(folder, 's')]
  const write = (more: object) => writeFileSync(config, JSON.stringify({ hosts: [`unix://${socket}`], ...more }))
  write({ storage: 'x' })
  const service = await serve(t, world, ['--config', config])
  t.regex(service.logged(), /nothing is done about storage\n/)
  write({ 'log-level': 'debug' })
  service.child.kill('SIGHUP')
  await service.says(/has read its settings again\n/)
  await call({ socket }, 'GET', '/_ping')
  await service.says(/GET \/_ping status=200/)
  write({ 'log-level': 'loud' })
  service.child.kill('SIGHUP')
  await service.says(/goes on with the settings that it has: .*"log-level" must be/)
  t.is((await call({ socket }, 'GET', '/_ping')).status, 200)
  t.is(await service.stop(), 0)
})

test('systemd gives it a socket, and is told how it is', async (t) => {
  const world = new World(t)
  const folder = folderOf(t)
  const [socket, told] = [join(folder, 's'), join(folder, 'told')]
  const receiver = spawn('socat', ['-u', `UNIX-RECV:${told}`, '-'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => receiver.kill())
  let words = ''
  receiver.stdout.setEncoding('utf8').on('data', (text: string) => (words += text))
  t.true(await eventually(() => existsSync(told)))

  // As systemd does: the socket is descriptor 3, and the process has the number that LISTEN_PID says.
  const listening = await listenAt(socket)
  const { fd } = Reflect.get(listening, '_handle') as { fd: number }
  const typed = [
    process.execPath,
    COMMAND,
    `--netns=${world.host.path}`,
    `--state-dir=${world.stateDir}`,
    'serve',
    '-H',
    'fd://',
  ]
  const activate = `LISTEN_FDS=1 LISTEN_PID=$$ NOTIFY_SOCKET=${told} exec "$@"`
  const child = spawn('sh', ['-c', activate, 'sh', ...typed], { stdio: ['ignore', 'ignore', 'inherit', fd] })
  listening.close()
  const closed = once(child, 'close') as Promise<[number | null]>
  t.teardown(() => child.kill('SIGKILL'))
  t.true(await eventually(() => words.includes('READY=1\nSTATUS=listens on fd://3'), 10_000), words)
  t.is((await call({ socket }, 'GET', '/_ping')).status, 200)
  child.kill('SIGHUP')
  t.true(await eventually(() => /RELOADING=1\nMONOTONIC_USEC=\d+\n.*READY=1/s.test(words.slice(7))), words)
  child.kill()
  t.is((await closed)[0], 0)
  t.true(await eventually(() => words.includes('STOPPING=1')), words)
})

test('over TCP, who has no certificate of the authority is not talked to', async (t) => {
  const world = new World(t)
  const folder = folderOf(t)
  const tls = makeCertificates(folder)
  const service = await serve(t, world, ['-H', 'tcp://127.0.0.1:0', '--tlsverify', ...tls.server])
  const [, port] = /listens on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(service.logged()) ?? []
  const host = `tcp://127.0.0.1:${port}`
  t.like(await docker(host, '--tlsverify', ...tls.client, 'network', 'ls', '-q'), { status: 0 })
  for (const [args, words] of [
    [['--tlsverify', ...tls.stranger], /tls|certificate/],
    [['--tls', '--tlscacert', tls.ca], /tls|certificate/],
    [[], /HTTP|malformed|EOF|reset/],
  ] as const) {
    const { status, stderr } = await docker(host, ...args, 'network', 'ls')
    t.is(status, 1)
    t.regex(stderr, words)
  }
  const open = await serve(t, world, ['-H', 'tcp://[::1]:0'])
  t.regex(open.logged(), /warn .*every user of this host can do anything/)
})

/** A certificate for each, for a day: of the authority, and of another. */
function makeCertificates(folder: string) {
  const path = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  const authority = (name: string) =>
    openssl('req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`)
  const signed = (name: string, by: string) =>
    openssl(
      'req',
      '-x509',
      ...key,
      '-CA',
      `${by}.pem`,
      '-CAkey',
      `${by}.key`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-subj',
      `/CN=${name}`,
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-addext',
      'basicConstraints=critical,CA:false',
    )
  for (const name of ['ca', 'other']) authority(name)
  for (const [name, by] of [
    ['server', 'ca'],
    ['client', 'ca'],
    ['stranger', 'other'],
  ] as const)
    signed(name, by)
  const flags = (name: string) => [
    '--tlscacert',
    path('ca.pem'),
    '--tlscert',
    path(`${name}.pem`),
    '--tlskey',
    path(`${name}.key`),
  ]
  return { ca: path('ca.pem'), server: flags('server'), client: flags('client'), stranger: flags('stranger') }
}
