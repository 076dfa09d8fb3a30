import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { RESOLVER_PORT } from '#lib/policy/resolver-elements.js'
import { Slipway } from '#lib/index.js'
import { end, start } from '../helpers/command.js'
import { addressOf, ask, serveDnsmasq } from '../helpers/names.js'
import { Peer } from '../helpers/peer.js'
import { eventually, execIn, ip, World } from '../helpers/world.js'

/** Names where several processes have one host open: what one changes, the resolver in another knows at once. */

const WEB = { name: 'web', subnets: [{ subnet: '172.20.0.0/16' }] }
const SERVER = '172.20.0.1'
/** No nameserver that is asked: what is not known is SERVFAIL. */
const NO_UPSTREAM = { dns: ['127.0.0.1'] }

async function twoProcesses(t: ExecutionContext) {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create(WEB)
  const options = { netns: world.host.path, stateDir: world.stateDir }
  const app = await world.create(slipway, 'app', { network: 'web', ...NO_UPSTREAM })
  return { world, slipway, app, options, peer: await Peer.start(t, options) }
}

/** Whose sockets they are that serve names on the host: process ids. */
const servers = (world: World): number[] => [
  ...new Set(
    [...execIn(world.host, 'ss', '-Hlntup', `sport = :${RESOLVER_PORT}`).matchAll(/pid=(\d+)/g)].map(([, pid]) =>
      Number(pid),
    ),
  ),
]

test('what another process creates, connects, disconnects and removes is known with the next question', async (t) => {
  const { world, app, peer } = await twoProcesses(t)
  const name = world.name('db')
  for (let round = 1; round <= 20; round++) {
    await peer.call('create', { name, network: 'web', ip: `172.20.1.${round}`, aliases: [`alias${round}`] })
    t.deepEqual(await ask(app, SERVER, name), ['NOERROR', `172.20.1.${round}`])
    await peer.call('disconnect', name, 'web')
    t.deepEqual(await ask(app, SERVER, name), ['SERVFAIL'])
    await peer.call('connect', name, 'web', { ip: `172.20.2.${round}`, aliases: ['again'] })
    t.deepEqual(await ask(app, SERVER, 'again'), ['NOERROR', `172.20.2.${round}`])
    t.deepEqual(await ask(app, SERVER, `alias${round}`), ['SERVFAIL'])
    await peer.call('remove', name)
    t.deepEqual(await ask(app, SERVER, name), ['SERVFAIL'])
  }
})

test('a question that comes while the records are read gets what was there when it came', async (t) => {
  const { world, slipway, app, peer } = await twoProcesses(t)
  // Each asks for its own sandbox as soon as it is there, while others are still being made, and their records read.
  const asked = Array.from({ length: 40 }, async (_, n) => {
    const name = world.name(`s${n}`)
    const ip = `172.20.3.${n + 1}`
    await slipway.sandboxes.create({ name, network: 'web', ip })
    t.deepEqual(await ask(app, SERVER, name), ['NOERROR', ip])
  })
  for (let n = 0; n < 20; n++) await peer.call('create', { name: world.name(`other${n}`), network: 'web' })
  await Promise.all(asked)
})

test('a network that another process creates is served once, and one that it removes is let go of', async (t) => {
  const { world, slipway, peer } = await twoProcesses(t)
  await peer.call('removeNetwork', 'web').then(
    () => t.fail('it is in use'),
    () => undefined,
  )
  await peer.call('createNetwork', { name: 'back', subnets: [{ subnet: '172.21.0.0/16' }] })
  const db = await world.create(slipway, 'db', { network: 'back', ...NO_UPSTREAM })
  t.deepEqual(await ask(db, '172.21.0.1', db.name), ['NOERROR', addressOf(db, 'back')])
  await db.remove()

  // Whoever serves it, the subnet passes to another network of the other's.
  for (let round = 1; round <= 5; round++) {
    for (const [remove, create] of [
      [slipway, peer],
      [peer, slipway],
    ] as const) {
      if (remove === peer) await peer.call('removeNetwork', 'back')
      else await (await slipway.networks.get('back')).remove()
      const options = { name: 'back', subnets: [{ subnet: '172.21.0.0/16' }] }
      if (create === peer) await peer.call('createNetwork', options)
      else await slipway.networks.create(options)
      await using last = await world.create(slipway, `last${round}`, { network: 'back', ...NO_UPSTREAM })
      t.true(
        await eventually(
          async () =>
            (await ask(last, '172.21.0.1', '+time=1', last.name)).join() === `NOERROR,${addressOf(last, 'back')}`,
        ),
        `round ${round}`,
      )
    }
  }
})

test('when the process that serves closes, another that has the host open serves at once', async (t) => {
  const { world, slipway, app } = await twoProcesses(t)
  t.deepEqual(servers(world), [process.pid])
  await slipway.close()
  t.true(await eventually(() => servers(world).length > 0))
  t.notDeepEqual(servers(world), [process.pid])
  t.deepEqual(await ask(app, SERVER, app.name), ['NOERROR', addressOf(app, 'web')])
})

test('when it dies without a word, another serves with the next sandbox that joins the network', async (t) => {
  const world = new World(t)
  const peer = await Peer.start(t, { netns: world.host.path, stateDir: world.stateDir })
  await peer.call('createNetwork', WEB)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { network: 'web' })
  const other = await world.create(slipway, 'other')
  await peer.kill()
  t.deepEqual(servers(world), [])
  // No more often than once a second, as it costs a look.
  await setTimeout(1100)
  await world.create(slipway, 'plain')
  t.deepEqual(servers(world), [])
  await other.connect('web')
  t.deepEqual(servers(world), [process.pid])
  t.deepEqual(await ask(app, SERVER, other.name), ['NOERROR', addressOf(other, 'web')])
})

test('the next process that opens the host serves what nobody serves; one that leaves again does not', async (t) => {
  const world = new World(t)
  const first = await world.open()
  await first.networks.create(WEB)
  const app = await world.create(first, 'app', { network: 'web' })
  await first.close()
  t.deepEqual(servers(world), [])
  t.is((await end(start(world, ['ls']))).status, 0)
  t.deepEqual(servers(world), [])
  await world.open()
  t.deepEqual(await ask(app, SERVER, app.name), ['NOERROR', addressOf(app, 'web')])
})

test('a network that is created by a process that does not stay is served by one that does', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const visitor = await Slipway.visit({ netns: world.host.path, stateDir: world.stateDir })
  await visitor.networks.create(WEB)
  await visitor.close()
  t.true(await eventually(() => servers(world).length > 0))
  const app = await world.create(slipway, 'app', { network: 'web' })
  t.deepEqual(await ask(app, SERVER, app.name), ['NOERROR', addressOf(app, 'web')])
})

test('a bridge that somebody has deleted is made again by the next process, and served', async (t) => {
  const world = new World(t)
  const peer = await Peer.start(t, { netns: world.host.path, stateDir: world.stateDir })
  await peer.call('createNetwork', { ...WEB, options: { 'com.docker.network.bridge.name': 'br-web' } })
  const name = world.name('app')
  await peer.call('create', { name, network: 'web' })
  await peer.kill()
  ip('-n', world.host.name, 'link', 'delete', 'br-web')
  const slipway = await world.open()
  t.deepEqual(slipway.reconciled.healed, ['network web', name])
  const app = await slipway.sandboxes.get(name)
  await app.disconnect('web')
  await app.connect('web')
  t.deepEqual(await ask(app, SERVER, name), ['NOERROR', addressOf(app, 'web')])
})

test('names that nobody has are asked for by the host’s resolv.conf, that of its namespace first', async (t) => {
  const world = new World(t)
  const names = join(world.stateDir, 'names')
  writeFileSync(names, '203.0.113.7 far.example ready.test\n203.0.113.8 single\n')
  for (const address of ['192.0.2.53', '192.0.2.54'])
    ip('-n', world.neighbour.name, 'address', 'add', `${address}/32`, 'dev', 'eth0')
  await serveDnsmasq(t, world.neighbour, '192.0.2.53', names)
  const etc = join(world.stateDir, 'etc')
  mkdirSync(etc)
  const peer = await Peer.behindEtc(t, { netns: world.host.path, stateDir: world.stateDir }, etc, {
    'resolv.conf': 'nameserver 192.0.2.54\n',
    [`netns/${world.host.name}/resolv.conf`]: 'nameserver 192.0.2.53\nsearch example\n',
  })
  await peer.call('createNetwork', WEB)
  await peer.call('createNetwork', { name: 'inside', internal: true, subnets: [{ subnet: '172.21.0.0/16' }] })
  // Sandboxes from here: what the other mounts, it sees alone.
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { network: 'web' })
  const inside = await world.create(slipway, 'in', { network: 'inside' })
  const own = await world.create(slipway, 'own', { network: 'web', dns: ['192.0.2.54'] })
  for (const protocol of ['+notcp', '+tcp']) {
    t.deepEqual(await ask(app, SERVER, protocol, 'far.example'), ['NOERROR', '203.0.113.7'])
    t.deepEqual(await ask(app, SERVER, protocol, 'single'), ['NOERROR', '203.0.113.8'])
    // No way out, and its own nameserver, where nobody listens.
    t.deepEqual(await ask(inside, '172.21.0.1', protocol, 'far.example'), ['SERVFAIL'])
    t.deepEqual(await ask(own, SERVER, protocol, 'far.example'), ['SERVFAIL'])
  }
})
