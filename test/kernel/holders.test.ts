import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Slipway, SlipwayError, type Sandbox } from '#lib/index.js'
import { enter } from '#lib/kernel/native.js'
import { startChild } from '../env/run-child.js'
import { listenIn } from '../helpers/listen.js'
import { inOtherProcess } from '../helpers/other-process.js'
import { execIn, World } from '../helpers/world.js'

/** A published port is held by a living process, whoever publishes and unpublishes. */

interface Scene {
  world: World
  slipway: Slipway
  app: Sandbox
}

async function setUp(t: ExecutionContext): Promise<Scene> {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['8080:80', '5353:53/udp', '127.0.0.1:8081:81'] })
  return { world, slipway, app }
}

/** Whether a program of the host could listen on the ports of the scene. */
const tryPorts = ({ host }: World) =>
  listenIn(host, ['tcp', '0.0.0.0', 8080], ['udp', '0.0.0.0', 5353], ['tcp', '127.0.0.1', 8081])

const HELD = ['EADDRINUSE', 'EADDRINUSE', 'EADDRINUSE']
const FREE = ['listens', 'listens', 'listens']

const optionsOf = (world: World) => ({ netns: world.host.path, stateDir: world.stateDir })

/** Folders of the processes that say they hold ports. */
const holders = (world: World) =>
  readdirSync(world.stateDir, { recursive: true, encoding: 'utf8' }).filter((path) => /holders\/[^/]+$/.test(path))

test.serial('from publish to unpublish, remove or close, no program of the host gets it', async (t) => {
  const { world, slipway, app } = await setUp(t)
  t.deepEqual(await tryPorts(world), HELD)
  await app.unpublish('8080:80', '53/udp')
  t.deepEqual(await tryPorts(world), ['listens', 'listens', 'EADDRINUSE'])
  await app.publish('8080:80')
  t.deepEqual(await tryPorts(world), ['EADDRINUSE', 'listens', 'EADDRINUSE'])
  await app.remove()
  t.deepEqual(await tryPorts(world), FREE)
  await world.create(slipway, 'next', { publish: ['8080:80', '5353:53/udp', '127.0.0.1:8081:81'] })
  t.deepEqual(await tryPorts(world), HELD)
  await slipway.close()
  t.deepEqual(await tryPorts(world), FREE)
  t.deepEqual(holders(world), [])
})

test.serial('what another process takes back, its holder lets go of', async (t) => {
  const { world, app } = await setUp(t)
  await inOtherProcess(optionsOf(world), ['unpublish', app.name, '8080:80', '53/udp'])
  t.deepEqual(await tryPorts(world), ['listens', 'listens', 'EADDRINUSE'])
  await inOtherProcess(optionsOf(world), ['remove', app.name])
  t.deepEqual(await tryPorts(world), FREE)
})

test.serial('the same within one process', async (t) => {
  const { world, slipway, app } = await setUp(t)
  const other = await world.open()
  await (await other.sandboxes.get(app.name)).unpublish('8080:80')
  t.deepEqual(await tryPorts(world), ['listens', 'EADDRINUSE', 'EADDRINUSE'])
  // The next holder is another, and the first knows.
  const next = await world.create(other, 'next', { publish: ['8080:80'] })
  t.deepEqual(await tryPorts(world), HELD)
  const refused = await t.throwsAsync(world.create(slipway, 'third', { publish: ['127.0.0.1:8080:80'] }), {
    instanceOf: SlipwayError,
    code: 'PORT_IN_USE',
  })
  t.true(refused?.message.includes(next.name), refused?.message)
  await (await slipway.sandboxes.get(next.name)).remove()
  await app.refresh()
  await app.publish('8080:80')
  t.deepEqual(await tryPorts(world), HELD)
})

/** A world whose ports were published by a process that has been killed. */
async function abandoned(t: ExecutionContext): Promise<World> {
  const world = new World(t)
  const create = [{ name: world.name('app'), publish: ['8080:80', '5353:53/udp', '127.0.0.1:8081:81'] }]
  const child = startChild('hold', { open: optionsOf(world), prefix: world.prefix, create })
  await child.saysMore()
  t.deepEqual(await tryPorts(world), HELD)
  child.process.kill('SIGKILL')
  await child.ended
  t.deepEqual(await tryPorts(world), FREE)
  return world
}

for (const [what, asked, held] of [
  ['on one address', '127.0.0.1:8080:80', '8080:80'],
  ['on every address', '8080:80', '127.0.0.1:8080:80'],
] as const) {
  for (const end of ['killed', 'closed'] as const) {
    test.serial(
      `a port of a process that was ${end} meanwhile is refused ${what} by one that has been there before`,
      async (t) => {
        const world = new World(t)
        const slipway = await world.open()
        await world.create(slipway, 'before', { publish: ['9090:80'] })
        const create = [{ name: world.name('app'), publish: [held, '5353:53/udp'] }]
        const child = startChild(end === 'killed' ? 'hold' : 'attempt', {
          open: optionsOf(world),
          prefix: world.prefix,
          create,
        })
        await child.saysMore()
        if (end === 'killed') child.process.kill('SIGKILL')
        await child.ended
        await t.throwsAsync(world.create(slipway, 'next', { publish: [asked] }), {
          code: 'PORT_IN_USE',
          message: new RegExp(world.name('app')),
        })
        t.deepEqual(await listenIn(world.host, ['udp', '0.0.0.0', 5353]), ['EADDRINUSE'])
        await (await slipway.sandboxes.get(world.name('app'))).remove()
        await world.create(slipway, 'after', { publish: [asked] })
      },
    )
  }
}

test.serial('ports of a process that is gone are held by the next that opens the host to stay', async (t) => {
  const world = await abandoned(t)
  const dead = holders(world)
  t.is(dead.length, 1)
  const visitor = await Slipway.visit(optionsOf(world))
  t.deepEqual(await tryPorts(world), FREE)
  await visitor.close()

  const first = await world.open()
  t.deepEqual(await tryPorts(world), HELD)
  const living = holders(world)
  t.is(living.length, 1)
  t.notDeepEqual(living, dead)
  const second = await world.open()
  await first.close()
  t.deepEqual(await tryPorts(world), FREE)

  await world.open()
  t.deepEqual(await tryPorts(world), HELD)
  await (await second.sandboxes.get(world.name('app'))).remove()
  t.deepEqual(await tryPorts(world), FREE)
})

test.serial('ports of a Slipway that was closed are held by the next, of the same process too', async (t) => {
  const { world, slipway, app } = await setUp(t)
  await slipway.close()
  t.deepEqual(await tryPorts(world), FREE)
  const next = await world.open()
  t.deepEqual(await tryPorts(world), HELD)
  await (await next.sandboxes.get(app.name)).unpublish('8080:80')
  t.deepEqual(await tryPorts(world), ['listens', 'EADDRINUSE', 'EADDRINUSE'])
})

test.serial('a port that a program has by then is passed over', async (t) => {
  const world = await abandoned(t)
  const program = enter(world.host.path, () => createServer().listen(8080))
  await once(program, 'listening')
  await world.open()
  t.deepEqual(await tryPorts(world), HELD)
  program.close()
  await once(program, 'close')
  t.deepEqual(await tryPorts(world), ['listens', 'EADDRINUSE', 'EADDRINUSE'])
})

test.serial('a holder that nobody told gives a port up when it is wanted', async (t) => {
  const { world, slipway } = await setUp(t)
  execIn(world.host, 'nft', 'delete element inet slipway published4 { tcp . 8080 }')
  const next = await world.create(slipway, 'next', { publish: ['8080:80'] })
  t.deepEqual(
    next.ports.map(({ hostPort }) => hostPort),
    [8080],
  )
  t.deepEqual(await tryPorts(world), HELD)
})

test.serial('many ports of one sandbox, unpublished from elsewhere', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['10000-10999:1-1000'] })
  const ends = [10000, 10500, 10999].map((port) => ['tcp', '0.0.0.0', port] as const)
  t.deepEqual(await listenIn(world.host, ...ends), HELD)
  await inOtherProcess(optionsOf(world), ['remove', app.name])
  t.deepEqual(await listenIn(world.host, ...ends), FREE)
})
