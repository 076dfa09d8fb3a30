import { once } from 'node:events'
import { constants } from 'node:os'
import test from 'ava'
import { done, EMPTY, end, links, slipway, start } from '../helpers/command.js'
import { fetchFrom } from '../helpers/traffic.js'
import { eventually, HOST_ADDRESS, NEIGHBOUR_ADDRESS, World } from '../helpers/world.js'

/** `slipway run`: a sandbox for as long as a command. */

test('run: the exit status of the command is ours', async (t) => {
  const world = new World(t)
  t.like(await slipway(world, 'run', '--', 'true'), { status: 0, stdout: '', stderr: '' })
  t.like(await slipway(world, 'run', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'), {
    status: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  })
  t.is((await slipway(world, 'run', '--', 'sh', '-c', 'kill -KILL $$')).status, 128 + constants.signals.SIGKILL)
  t.like(await slipway(world, 'run', '--', 'no-such-program'), {
    status: 127,
    stderr: 'slipway: no-such-program: command not found\n',
  })
  t.is((await slipway(world, 'run', '--', '/etc/passwd')).status, 126)
  t.deepEqual(links(world), EMPTY)
  t.is(await done(world, 'ls', '-q'), '')
})

test('run: what comes after the command is the command’s, with -- and without', async (t) => {
  const world = new World(t)
  const echo = ['sh', '-c', 'echo "$0 $@"', '--name', 'x', '-p', '1:2', '--']
  t.is(await done(world, 'run', '--network', 'none', '--', ...echo), '--name x -p 1:2 --\n')
  t.is(await done(world, 'run', '--network', 'none', ...echo), '--name x -p 1:2 --\n')
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`run: ${signal} goes to the command, and the sandbox goes after it`, async (t) => {
    const world = new World(t)
    const name = world.name('app')
    const kill = async (trap: string) => {
      const child = start(world, [
        'run',
        '--name',
        name,
        '--',
        'sh',
        '-c',
        `${trap} echo up; while :; do sleep 0.02; done`,
      ])
      const ended = end(child)
      await once(child.stdout ?? child, 'data')
      t.true(world.namespaces().includes(name))
      child.kill(signal)
      return ended
    }
    t.is((await kill('')).status, 128 + constants.signals[signal])
    t.false(world.namespaces().includes(name))
    t.like(await kill(`trap "echo told; exit 3" ${signal.slice(3)};`), { status: 3, stdout: 'up\ntold\n' })
    t.false(world.namespaces().includes(name))
    t.deepEqual(links(world), EMPTY)
  })
}

test('run: a signal at any moment leaves no sandbox', async (t) => {
  const world = new World(t)
  await done(world, 'run', '--', 'true')
  for (let milliseconds = 40; milliseconds <= 400; milliseconds += 40) {
    const child = start(world, ['run', '--name', world.name('app'), '--', 'sleep', '0.2'])
    const ended = end(child)
    setTimeout(() => child.kill('SIGTERM'), milliseconds)
    await ended
  }
  t.is(await done(world, 'ls', '-q'), '')
  t.deepEqual(links(world), EMPTY)
})

test('run: a process that outlives the command is off the network', async (t) => {
  const world = new World(t)
  t.is(
    (await slipway(world, 'run', '--name', world.name('app'), '--', 'sh', '-c', 'sleep 2 >&- 2>&- & exit 4')).status,
    4,
  )
  // slipway serve comes to it a moment later.
  t.true(await eventually(() => links(world).join() === EMPTY.join()))
})

test('run -p: the world reaches a server inside', async (t) => {
  const world = new World(t)
  const server = `require('http').createServer((q, r) => r.end(q.socket.remoteAddress)).listen(80, '0.0.0.0', () => console.log('up'))`
  const child = start(world, ['run', '--ip', '172.17.0.9', '-p', '8080:80', '--', process.execPath, '-e', server])
  const ended = end(child)
  await once(child.stdout ?? child, 'data')
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080/`), NEIGHBOUR_ADDRESS)
  child.kill('SIGTERM')
  t.is((await ended).status, 143)
})
