import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import type { Sandbox } from '#lib/index.js'
import { addressOf, closing, onWeb } from '../helpers/inside.js'
import { createServer } from 'node:net'
import { end, start } from '../helpers/command.js'
import { execIn, World } from '../helpers/world.js'

/** Programs in sandboxes, with the sandbox's names, and waiting for their ports. */

test('a program has the name and the names of its sandbox, of whichever kind that is', async (t) => {
  const world = new World(t)
  const [slipway, db] = await onWeb(t, world, 'db')
  if (!db) return t.fail()
  const app = await world.create(slipway, 'app', { network: 'web', hostname: 'shop', addHost: ['fixed:192.0.2.7'] })
  const joined = await world.create(slipway, 'joined', { network: `container:${app.name}` })
  const SAY = ['-c', 'hostname; cat /etc/hostname; getent hosts fixed; getent ahostsv4 db | head -n 1']
  for (const one of [app, joined]) {
    const { exitCode, signal, stdout, stderr } = await one.exec('sh', SAY)
    t.deepEqual([exitCode, signal, stderr], [0, null, ''])
    t.deepEqual(
      stdout.split('\n').map((line) => line.replace(/\s+/g, ' ').trim()),
      ['shop', 'shop', '192.0.2.7 fixed', `${addressOf(db)} STREAM db`, ''],
    )
  }
  const host = await world.create(slipway, 'h', { network: 'host' })
  t.is((await host.exec('hostname')).stdout.trim(), hostname())
  t.is((await app.exec('hostname', [], { files: false })).stdout.trim(), hostname())
  t.is(hostname(), (await host.exec('cat', ['/proc/sys/kernel/hostname'])).stdout.trim(), 'this process keeps its own')
})

test('exec gives a program what it is to have, and tells how it has ended', async (t) => {
  const [, app] = await onWeb(t, new World(t), 'app')
  if (!app) return t.fail()
  const run = (script: string, options: object = {}) => app.exec('sh', ['-c', script], options)
  t.deepEqual(await run('echo out; echo err >&2; exit 3'), {
    exitCode: 3,
    signal: null,
    stdout: 'out\n',
    stderr: 'err\n',
  })
  t.deepEqual(await run('kill -9 $$'), { exitCode: null, signal: 'SIGKILL', stdout: '', stderr: '' })
  t.is(
    (await run('cat; echo $WHO; pwd', { input: 'in ', env: { ...process.env, WHO: 'me' }, cwd: '/usr' })).stdout,
    'in me\n/usr\n',
  )
  t.is((await run('cat')).stdout, '', 'there is nothing to read')
  t.deepEqual((await app.exec('printf', ['\\377'], { encoding: 'buffer' })).stdout, Buffer.from([0xff]))
  t.is((await app.exec('printf', ['%s.', "it's $HOME", '', 'ü'])).stdout, "it's $HOME..ü.")
  t.is((await run('exit 0', { env: {} })).exitCode, 0, 'it needs no PATH')
  for (const [call, code, message] of [
    [() => run('yes', { maxBuffer: 1000 }), 'EXHAUSTED', /more than 1000 bytes/],
    [() => app.exec('no-such-program'), 'NOT_FOUND', /no such program .*\(ENOENT\)/],
    [() => app.exec('/etc/passwd'), 'PERMISSION', /cannot be executed.*EACCES/],
    [
      () => app.exec('true', [], { cwd: '/nowhere' }),
      'NOT_FOUND',
      /^true: .* no folder "\/nowhere" .*\(cwd\) \(ENOENT\)/,
    ],
    [() => app.exec('a\0b'), 'INVALID_ARGUMENT', /the character 0/],
    [() => app.exec('true', ['\0']), 'INVALID_ARGUMENT', /the character 0/],
    [() => app.exec('true', [], { env: { A: '\0' } }), 'INVALID_ARGUMENT', /the character 0/],
    [() => app.exec(''), 'INVALID_ARGUMENT', /takes a program/],
    [() => app.exec('true', 'x' as never), 'INVALID_ARGUMENT', /list of texts/],
    [() => app.exec('true', [], { shell: true } as never), 'INVALID_ARGUMENT', /no option "shell"/],
    [() => app.exec('true', [], { encoding: 'utf9' as never }), 'INVALID_ARGUMENT', /encoding must be/],
    [() => run('sleep 9', { killSignal: 'SIGFOO' as never, timeout: 100 }), 'INVALID_ARGUMENT', /killSignal must be/],
    [() => run('sleep 9', { killSignal: 'toString' as never, timeout: 100 }), 'INVALID_ARGUMENT', /killSignal must be/],
    [() => app.exec('true', [], { env: { A: Symbol('x') as never } }), 'INVALID_ARGUMENT', /env must be/],
    [() => app.exec('true', [], { cwd: '\0' }), 'INVALID_ARGUMENT', /without null bytes/],
    [() => app.exec('true', [], { cwd: new URL('http://db/') }), 'INVALID_ARGUMENT', /scheme file/],
    [async () => app.spawn('true', [], { files: true, uid: 1 }), 'INVALID_ARGUMENT', /uid does not go with files/],
    ...[true, false].flatMap((files) =>
      [
        [''],
        [5],
        ['true', 'x'],
        ['true', ['\0']],
        ['true', [], { files, cwd: 5 }],
        ['true', [], { files, signal: 3 }],
        ['true', [], { files, stdio: 'foo' }],
        ['true', [], null],
      ].map(([command, args = [], options = { files }]) => {
        const call = async () => app.spawn(command as string, args as string[], options as object)
        return [call, 'INVALID_ARGUMENT', /^spawn[ :]/] as const
      }),
    ),
  ] as const)
    await t.throwsAsync(call, { code, message, name: 'SlipwayError' })
})

/** What a child says, and its status. */
async function endOf(child: ReturnType<Sandbox['spawn']>): Promise<[string, number | null]> {
  let text = ''
  child.stdout?.on('data', (chunk) => (text += String(chunk)))
  const [status] = (await once(child, 'close')) as [number | null]
  return [text, status]
}

test('spawn with files starts a program as it would without, but for names', async (t) => {
  const [, app] = await onWeb(t, new World(t), 'app')
  if (!app) return t.fail()
  // The first begins before its files have been written.
  t.is(app.writtenFiles, undefined)
  t.deepEqual(await endOf(app.spawn('cat', ['/etc/hostname'], { files: true })), [`${app.hostname}\n`, 0])
  t.deepEqual(
    await endOf(
      app.spawn('echo $0-$HOSTNAME; hostname', [], { files: true, shell: true, stdio: ['ignore', 'pipe', 'inherit'] }),
    ),
    [`/bin/sh-\n${app.hostname}\n`, 0],
  )
  const child = app.spawn('sh', ['-c', 'echo three >&3; kill -TERM $$'], {
    files: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  t.is([...child.stdio].length, 4)
  let three = ''
  child.stdio[3]?.on('data', (chunk) => (three += String(chunk)))
  t.deepEqual(await once(child, 'close'), [null, 'SIGTERM'])
  t.is(three, 'three\n')
  const missing = app.spawn('no-such-program', [], { files: true })
  t.is(((await once(missing, 'error')) as [NodeJS.ErrnoException])[0].code, 'ENOENT')
  t.throws(() => app.spawn('true', [], { files: true, stdio: Array.from({ length: 12 }, () => 'ignore' as const) }), {
    code: 'INVALID_ARGUMENT',
    message: /at most 9/,
  })
})

test('where the machine has no /etc/resolv.conf, programs have names all the same, and it is said', async (t) => {
  const world = new World(t)
  const [slipway, app] = await onWeb(t, world, 'app')
  if (!app) return t.fail()
  await app.files()
  const etc = mkdtempSync(join(tmpdir(), 'slipway-etc-'))
  t.teardown(() => rmSync(etc, { recursive: true }))
  for (const name of ['passwd', 'hosts', 'nsswitch.conf', 'hostname']) writeFileSync(join(etc, name), `${name}\n`)
  const script = `mount --bind ${etc} /etc; "$@"; ls /etc`
  const say = 'hostname; cat /etc/hostname /etc/hosts /etc/resolv.conf /etc/passwd; : > /etc/new'
  const { stdout, stderr } = await end(
    start(world, ['exec', app.name, '--', 'sh', '-c', say], ['unshare', '--mount', 'sh', '-c', script, 'sh']),
  )
  t.true(stdout.startsWith(`${app.hostname}\n${app.hostname}\n127.0.0.1\tlocalhost\n`), stdout)
  t.regex(stdout, /nameserver 172\.20\.0\.1\noptions ndots:0\npasswd\nhostname\nhosts\nnsswitch\.conf\npasswd\n$/)
  t.regex(stderr, /slipway: This machine has no \/etc\/resolv\.conf\. .* find them all the same/)
  t.regex(stderr, /Read-only file system/)
  await slipway.close()
})

test('root of a user namespace gives programs names and a hostname, too, and goes on', async (t) => {
  const library = new URL('../../dist/index.js', import.meta.url).href
  const script = `
    import { Slipway } from '${library}'
    const slipway = await Slipway.open()
    const app = await slipway.sandboxes.create({ hostname: 'shop' })
    for (const round of [1, 2]) {
      const { exitCode, stdout, stderr } = await app.exec('sh', ['-c', 'hostname; cat /etc/hostname'])
      console.log(round, exitCode, stdout.split('\\n').join(), stderr)
    }
    await app.remove()
    await slipway.close()`
  const host = 'mount -t tmpfs none /run && mkdir /run/netns && exec "$0" --input-type=module -e "$1"'
  const { stdout, stderr } = await promisify(execFile)(
    'unshare',
    ['--user', '--map-root-user', '--net', '--mount', 'sh', '-c', host, process.execPath, script],
    { env: { ...process.env, LD_PRELOAD: '', NODE_OPTIONS: '' } },
  )
  t.deepEqual([stdout, stderr], ['1 0 shop,shop, \n2 0 shop,shop, \n', ''])
})

test('waitForPort ends when something listens that would be reached', async (t) => {
  const [, app] = await onWeb(t, new World(t), 'app')
  if (!app) return t.fail()
  const server = closing(
    t,
    createServer(() => t.fail('it sees no connection')),
  )
  let done = false
  const waiting = app.waitForPort(80, { timeout: 20_000, interval: 1 }).then(() => (done = true))
  const loopback = app.waitForPort(80, { host: '127.0.0.1', timeout: 20_000 })
  await app.waitForPort(80, { timeout: 30 }).catch(() => undefined)
  t.false(done)
  await app.listen(server, { port: 80, host: '127.0.0.1' })
  await Promise.all([waiting, loopback])
  await t.throwsAsync(app.waitForPort(80, { host: addressOf(app), timeout: 30 }), { code: 'TIMEOUT' })
  await t.throwsAsync(app.waitForPort(80, { protocol: 'udp', timeout: 30 }), { code: 'TIMEOUT' })
  const udp = await app.bindUdp({ port: 80, type: 'udp4' })
  t.teardown(() => udp.close())
  await app.waitForPort(80, { protocol: 'udp', host: addressOf(app), timeout: 20_000 })
  await t.throwsAsync(app.waitForPort(80, { protocol: 'udp', host: '::1', timeout: 30 }), { code: 'TIMEOUT' })
  t.regex(execIn(app, 'ss', '-Hltn'), /127\.0\.0\.1:80/)
})
