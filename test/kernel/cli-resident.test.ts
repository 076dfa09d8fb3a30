import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { ownVersion } from '#lib/cli/own-version.js'
import { end, slipway as typedToNode, type Ended } from '../helpers/command.js'
import { PROGRAM, serverOf } from '../helpers/served-command.js'
import { eventually, World } from '../helpers/world.js'

/** What is typed and done by `slipway serve`: by which process, and what becomes of bad input. */

const PLAIN: SpawnOptions = { argv0: 'slipway', stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 }

function start(world: World, args: readonly string[], socket = serverOf(world)): ChildProcess {
  const host = [`--netns=${world.host.path}`, `--state-dir=${world.stateDir}`]
  return spawn(PROGRAM, [...host, ...args], { ...PLAIN, env: { ...process.env, SLIPWAY_SOCKET: socket } })
}
const typed = (world: World, ...args: string[]) => end(start(world, args))

const SERVED = /^slipway: note: slipway serve \(process \d+\) does it\n$/
const OWN = /^slipway: note: this process does it\n/

test('which process does it: the server, where it has the same host open in the same way', async (t) => {
  const world = new World(t)
  const rows: [words: string[], who: RegExp][] = [
    [['--verbose', 'ls'], SERVED],
    [['--verbose', 'network', 'ls', '-q'], SERVED],
    [['--verbose', '--mtu', '1500', 'ls'], OWN],
    [['--verbose', '--ip', '127.0.0.1', 'ls'], OWN],
    [['--verbose', 'stats', '--no-stream'], OWN],
    [['--verbose', 'ls', '--format', '{{.Name}}'], SERVED],
    [['--verbose', 'ls', '--format', 'table {{.Name}}\\t{{json .Ports}} {{.Label "a"}}'], SERVED],
    [['--verbose', 'ls', '--format', '{{$a := "x"}}{{$a = print $a $a}}'], OWN],
    [['--verbose', 'ls', '--format', '{{printf "%9d" 1}}'], OWN],
    [['--verbose', 'ls', '--format', `{{range .Labels}}{{range .Labels}}{{range .Labels}}{{end}}{{end}}{{end}}`], OWN],
    [['--verbose', 'create', '--netns', '/proc/self/ns/net', '--network', 'none', '--name', world.name('a')], OWN],
  ]
  for (const [words, who] of rows) t.regex((await typed(world, ...words)).stderr, who, words.join(' '))
  const elsewhere = [`--netns=${world.host.path}`, `--state-dir=${world.stateDir}2`, '--verbose', 'ls']
  const env = { ...process.env, SLIPWAY_SOCKET: serverOf(world) }
  t.regex((await end(spawn(PROGRAM, elsewhere, { ...PLAIN, env }))).stderr, OWN)
  // Nobody listens there; nobody listens there any more.
  t.regex((await end(start(world, ['--verbose', 'ls'], join(world.stateDir, 'nobody')))).stderr, OWN)
  t.regex((await typedToNode(world, '--verbose', 'ls')).stderr, OWN)
})

test('each of many at a time has its own output and status', async (t) => {
  const world = new World(t)
  const names = Array.from({ length: 30 }, (_, index) => world.name(`s${index}`))
  const made = await Promise.all(names.map((name) => typed(world, 'create', '--network', 'none', '--name', name)))
  t.deepEqual(
    made,
    names.map((name) => ({ status: 0, stdout: `${name}\n`, stderr: '' })),
  )
  const asked = await Promise.all(
    names.map((name, index) =>
      typed(
        world,
        index % 2 === 0 ? 'port' : 'exec',
        name,
        ...(index % 2 === 0 ? ['80'] : ['sh', '-c', `echo ${name} >&2; exit ${index}`]),
      ),
    ),
  )
  for (const [index, { status, stderr }] of asked.entries()) {
    t.is(status, index % 2 === 0 ? 1 : index)
    t.regex(stderr, new RegExp(names[index] ?? ''))
  }
  t.like(await typed(world, 'rm', ...names), { status: 0, stderr: '' })
})

test('a call whose caller is killed is done, or has not happened', async (t) => {
  const world = new World(t)
  serverOf(world)
  for (const milliseconds of [0, 1, 2, 4, 8, 16]) {
    const child = start(world, ['create', '--name', world.name(`gone${milliseconds}`)])
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    child.kill('SIGKILL')
    await end(child)
  }
  // Or it had: then it is there, and whole.
  const listed = async () =>
    (JSON.parse((await typed(world, 'ls', '--json')).stdout) as { Name: string }[]).map(({ Name }) => Name)
  t.true(
    await eventually(
      async () =>
        JSON.stringify(await listed()) === JSON.stringify(world.namespaces().filter((name) => name.includes('gone'))),
    ),
  )
  for (const name of await listed()) t.is((await typed(world, 'rm', name)).status, 0)
})

test('a sandbox of run goes with its command, whoever is killed, and not with the server', async (t) => {
  const world = new World(t)
  const run = async (name: string, script: string) => {
    const child = start(world, ['run', '--name', world.name(name), '--', 'sh', '-c', script])
    await once(child.stdout as Readable, 'data')
    return child
  }
  const names = async () => (await typed(world, 'ls', '--format', '{{.Name}}')).stdout.split('\n').filter(Boolean)
  const killed = await run('killed', 'echo up; sleep 20')
  t.deepEqual(await names(), [world.name('killed')])
  killed.kill('SIGKILL')
  t.true(await eventually(async () => (await names()).length === 0))

  const stays = await run('stays', 'trap "echo told; exit 3" TERM; echo up; while :; do sleep 0.1; done')
  const [, server] = /process (\d+)/.exec((await typed(world, '--verbose', 'ls')).stderr) ?? []
  process.kill(Number(server), 'SIGKILL')
  t.true(await eventually(() => !existsSync(`/proc/${server}`)))
  rmSync(serverOf(world))
  serverOf(world)
  t.deepEqual(await names(), [world.name('stays')])
  stays.kill('SIGTERM')
  t.like(await end(stays), { status: 3, stdout: 'told\n', stderr: '' })
  t.deepEqual([await names(), world.namespaces().filter((name) => name.endsWith('stays'))], [[], []])

  // Nobody is there when it ends.
  const last = await run('last', 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done')
  const [, second] = /process (\d+)/.exec((await typed(world, '--verbose', 'ls')).stderr) ?? []
  process.kill(Number(second), 'SIGKILL')
  t.true(await eventually(() => !existsSync(`/proc/${second}`)))
  last.kill('SIGTERM')
  t.regex((await end(last)).stderr, /does not answer: the sandbox goes when it runs again/)
  rmSync(serverOf(world))
  serverOf(world)
  t.deepEqual(await names(), [])
})

async function ask(t: ExecutionContext, world: World, body: string | Buffer, method = 'POST') {
  const asked = request({ socketPath: serverOf(world), path: '/command', method })
  t.teardown(() => asked.destroy())
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: response.statusCode, body: await text(response) }
}

test('what no command is, is refused in words, and what another is to do is left to it', async (t) => {
  const world = new World(t)
  const { dev, ino } = statSync(world.host.path)
  const mounts = statSync('/proc/self/ns/mnt')
  const facts = (version = ownVersion()) =>
    `CWD=/\0NETNS=${dev}:${ino}\0MOUNTS=${mounts.dev}:${mounts.ino}\0VERSION=${version}\0TERMINALS=\0\0\0`
  const rows: [body: string, status: number, said: RegExp][] = [
    ['', 400, /each end with an empty text/],
    ['ls', 400, /no zero at its end/],
    ['CWD=/\0', 400, /each end with an empty text/],
    ['NETNS=1:2\0\0\0ls\0', 400, /which folder it was typed in/],
    [`${facts('0.0.1')}ls\0`, 421, /does not do that/],
    [`${facts()}--state-dir=${world.stateDir}\0doctor\0`, 421, /does not do that/],
    [`${facts()}--state-dir=${world.stateDir}\0--config=/etc/shadow\0ls\0`, 421, /does not do that/],
    [`${facts()}--help\0`, 421, /does not do that/],
    [`${facts()}--state-dir=${world.stateDir}\0ls\0-q\0`, 200, /^exit 0\n$/],
    [`${facts()}--state-dir=${world.stateDir}\0lss\0`, 200, /^2 \d+\nslipway: unknown command 'lss'.*exit 2\n$/s],
    [`${facts()}--state-dir=${world.stateDir}\0ls\0--filter\0x\0`, 200, /^2 \d+\nslipway: .*exit 2\n$/s],
  ]
  for (const [body, status, said] of rows) {
    const answer = await ask(t, world, body)
    t.is(answer.status, status, body)
    t.regex(answer.body, said, body)
  }
  t.is((await ask(t, world, '', 'GET')).status, 405)
})

test('a server that ends before it has answered may have done it, and that is said', async (t) => {
  const world = new World(t)
  const socket = join(world.stateDir, 'silent.sock')
  const server = createServer((connection) => connection.once('data', () => connection.destroy())).listen(socket)
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { status, stderr } = await end(start(world, ['ls'], socket))
  t.deepEqual([status, stderr], [1, 'slipway: slipway serve has not answered, and may have done it. See: slipway ls\n'])
})

test('a call that is interrupted is done all the same, printed, and has the status of the signal', async (t) => {
  const world = new World(t)
  serverOf(world)
  const ended: Record<string, Ended> = {}
  for (const milliseconds of [0, 1, 2, 3, 4, 6, 8, 12]) {
    const name = world.name(`i${milliseconds}`)
    const child = start(world, ['create', '--network', 'none', '--name', name])
    setTimeout(() => child.kill('SIGINT'), milliseconds)
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    const [[code, signal], stdout] = await Promise.all([exited, text(child.stdout as Readable)])
    ended[name] = { status: code ?? (signal === 'SIGINT' ? 130 : null), stdout, stderr: '' }
  }
  const { stdout } = await typed(world, 'ls', '--format', '{{.Name}}')
  for (const [name, { status, stdout: said }] of Object.entries(ended)) {
    t.is(said === '', !stdout.split('\n').includes(name), name)
    t.true(status === 130 || (status === 0 && said !== ''), `${name}: ${status}`)
  }
  t.like(await typed(world, 'rm', '-f', ...Object.keys(ended)), { status: 0 })
})

test('what is run may remove its folder', async (t) => {
  const world = new World(t)
  const folder = mkdtempSync(join(world.stateDir, 'folder-'))
  const here = { ...PLAIN, cwd: folder, env: { ...process.env, SLIPWAY_SOCKET: serverOf(world) } }
  const host = [`--netns=${world.host.path}`, `--state-dir=${world.stateDir}`]
  const ran = await end(
    spawn(PROGRAM, [...host, 'run', '--network', 'none', '--', 'sh', '-c', `rmdir ${folder}`], here),
  )
  t.deepEqual(ran, { status: 0, stdout: '', stderr: '' })
  t.is((await typed(world, 'ls', '-q')).stdout, '')
})

test('outputs that nobody reads, and a parent that does not hear of its children', async (t) => {
  const world = new World(t)
  const name = world.name('a')
  await typed(world, 'create', '--network', 'none', '--name', name)
  const linked = join(world.stateDir, 'slipway')
  symlinkSync(PROGRAM, linked)
  const words = `${linked} --netns=${world.host.path} --state-dir=${world.stateDir}`
  const env = { ...process.env, SLIPWAY_SOCKET: serverOf(world) }
  const shell = (script: string) =>
    end(spawn('bash', ['-c', `set -o pipefail; ${script}`], { ...PLAIN, argv0: 'bash', env }))
  const many = Array.from({ length: 300 }, () => name).join(' ')
  const rows: [script: string, status: number, stderr: RegExp][] = [
    [`${words} inspect ${many} | head -1`, 0, /^$/],
    [`${words} ls >&-`, 0, /^$/],
    [`${words} ls nosuch 2>&-`, 2, /^$/],
    [`${words} ls > /dev/full`, 1, /cannot be written/],
    [`${words} --verbose exec ${name} true 2>&-`, 0, /^$/],
    [`trap '' CHLD; exec ${words} run --network none -- sh -c 'exit 3'`, 3, /^$/],
    [`${words} exec ${name} sh -c 'yes | head -1' > /dev/null`, 0, /^$/],
  ]
  for (const [script, status, stderr] of rows) {
    const ended = await shell(script)
    t.is(ended.status, status, script)
    t.regex(ended.stderr, stderr, script)
  }
})

test('what is no text, a path that each process reads in its own way, an answer of some megabytes', async (t) => {
  const world = new World(t)
  const name = (one: string) => world.name(one)
  for (const [index, path] of [
    '//proc/self/ns/net',
    '/proc/./self/ns/net',
    '/dev/../proc/thread-self/ns/net',
  ].entries())
    t.regex(
      (await typed(world, '--verbose', 'create', '--netns', path, '--network', 'none', '--name', name(`p${index}`)))
        .stderr,
      OWN,
    )
  await typed(world, 'create', '--network', 'none', '--name', name('a'))
  const many = await typed(world, 'inspect', ...Array.from({ length: 6000 }, () => name('a')))
  t.is((JSON.parse(many.stdout) as unknown[]).length, 6000)
  const { dev, ino } = statSync(world.host.path)
  const body = Buffer.concat([
    Buffer.from(`CWD=/\0NETNS=${dev}:${ino}\0VERSION=${ownVersion()}\0\0\0ls\0`),
    Buffer.from([0xff, 0]),
  ])
  t.is((await ask(t, world, body)).status, 421)
})
