import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { done, end, onTerminal, start } from '../helpers/command.js'
import { eventually, World } from '../helpers/world.js'

/** What is different on a terminal, and what Ctrl-C and readers that have enough, or are slow, do. */

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

test('stats goes on until Ctrl-C, as docker does', async (t) => {
  const world = new World(t)
  await done(world, 'create', '--name', world.name('app'))
  const { child, shown } = onTerminal(world, 'stats')
  const ended = once(child, 'exit')
  t.true(await eventually(() => shown().split(world.name('app')).length > 2, 10_000))
  child.stdin?.write(CTRL_C)
  t.deepEqual(await ended, [130, null])
  t.notRegex(shown(), /slipway:/)
  await done(world, 'rm', world.name('app'))
})

test('network prune asks, and does nothing without a yes', async (t) => {
  const world = new World(t)
  await done(world, 'network', 'create', 'web')
  const answers: [string, number, boolean][] = [
    [CTRL_C, 130, true],
    [CTRL_D, 0, true],
    ['\r', 0, true],
    ['n\r', 0, true],
    ['y\r', 0, false],
  ]
  for (const [typed, status, stays] of answers) {
    const { child, shown } = onTerminal(world, 'network', 'prune')
    const ended = once(child, 'exit')
    t.true(await eventually(() => shown().includes('[y/N]'), 10_000))
    child.stdin?.write(typed)
    t.deepEqual(await ended, [status, null], JSON.stringify(typed))
    t.notRegex(shown(), /bug in Slipway/)
    t.is((await done(world, 'network', 'ls', '-q', '-f', 'name=web')) !== '', stays, JSON.stringify(typed))
  }
})

test('create: a signal at any moment leaves all or nothing, and what is made is said', async (t) => {
  const world = new World(t)
  await done(world, 'create', '--name', world.name('first'))
  const moments = [60, 80, 95, 110, 125, 150]
  for (const [i, moment] of moments.entries()) {
    const name = world.name(`app${i}`)
    const child = start(world, ['create', '--name', name])
    const ended = end(child)
    await sleep(moment)
    child.kill('SIGINT')
    const { stdout, stderr } = await ended
    t.is(stderr, '')
    const listed = await done(world, 'ls', '-q', '-f', `name=${name}`)
    t.is(listed !== '', stdout === `${name}\n`, `after ${moment} ms: ${stdout}`)
  }
})

test('a reader that has enough is no error', async (t) => {
  const world = new World(t)
  await done(world, 'create', '--name', world.name('app'))
  for (const args of [['ls'], ['inspect', world.name('app')], ['--help'], ['explain', 'create', '-p', '8080:80']]) {
    const child = start(world, args)
    child.stdout?.destroy()
    const said: Buffer[] = []
    child.stderr?.on('data', (part: Buffer) => said.push(part))
    const [status] = (await once(child, 'close')) as [number]
    t.deepEqual([status, Buffer.concat(said).toString()], [0, ''], args.join(' '))
  }
})

/** Reads from a pipe that is full before it is read, and by which no writer waits. */
const SLOW_READER = `
import fcntl, os, subprocess, sys, termios, time
ours, theirs = os.pipe()
room = fcntl.fcntl(theirs, 1031, 4096) # F_SETPIPE_SZ
os.set_blocking(theirs, False)
child = subprocess.Popen(sys.argv[1:], stdout=theirs)
os.close(theirs)
waiting = lambda: int.from_bytes(fcntl.ioctl(ours, termios.FIONREAD, bytes(4)), 'little')
deadline = time.monotonic() + 20
while waiting() < room and child.poll() is None and time.monotonic() < deadline: time.sleep(0.01)
sys.stderr.write('full' if waiting() == room and child.poll() is None else 'not full')
sys.stdout.write(open(ours).read())
sys.exit(child.wait())
`

test('a reader that is slow gets all of it, also by a pipe that no writer waits for', async (t) => {
  const world = new World(t)
  const help = await done(world, '--help')
  t.true(help.length > 4096)
  const { status, stdout, stderr } = await end(start(world, ['--help'], ['python3', '-c', SLOW_READER]))
  t.deepEqual({ status, stderr }, { status: 0, stderr: 'full' })
  t.is(stdout, help)
})
