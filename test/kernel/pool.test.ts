import diagnostics from 'node:diagnostics_channel'
import test, { type ExecutionContext } from 'ava'
import type { CreateOptions, PoolMessage, Sandbox, Slipway } from 'slipway'
import { everythingOf } from '../helpers/everything.js'
import {
  descriptorsBesidePrepared,
  elements,
  isAsBefore,
  openDescriptors,
  readFiles,
  settled,
  without,
} from '../helpers/snapshot.js'
import { fetchFrom, serveTcp } from '../helpers/traffic.js'
import { eventually, HOST_ADDRESS, ip, ipJson, World, type Place } from '../helpers/world.js'

/** Sandboxes made ahead of need. */

async function withPool(t: ExecutionContext, pool: { size: number; networks?: string[] } = { size: 4 }, more = {}) {
  const world = new World(t)
  const slipway = await world.open({ pool, ...more })
  await slipway.pool.ready()
  return { world, slipway }
}

const veths = (place: Place) =>
  ipJson<{ ifname: string }>(place, 'link')
    .map(({ ifname }) => ifname)
    .filter((name) => name.startsWith('veth'))
const poolOf = (slipway: Slipway, network = 'bridge') => {
  const found = slipway.pool.networks.find((one) => one.network === network)
  if (!found) throw new Error(`no pool of ${network}`)
  return found
}
const addressOf = (sandbox: Sandbox) => sandbox.endpoints[0]?.addresses[0]?.split('/')[0] ?? ''

/** What a claim may ask for. */
const REQUESTS: Record<string, CreateOptions> = {
  'a port': { publish: ['8080:80'] },
  'nothing but a name': {},
  'several ports': {
    publish: ['8080-8083:80', '5353:53/udp', '127.0.0.1:8443:443', '192.0.2.2:99:99,allow=192.0.2.0/24'],
  },
  'a user-defined network': {
    network: 'web',
    publish: ['8080:80'],
    aliases: ['api'],
    gwPriority: 3,
    hostname: 'app',
    dns: ['192.0.2.53'],
  },
  'IPv6 only': { network: 'six', publish: ['[::]:8080:80'] },
}

for (const [what, options] of Object.entries(REQUESTS)) {
  test(`with ${what}, it is what it would have been`, async (t) => {
    const states = []
    for (const size of [0, 2]) {
      const world = new World(t)
      const slipway = await world.open({ pool: { size, networks: ['bridge', 'web', 'six'] } })
      await slipway.networks.create({
        name: 'web',
        ipv6: true,
        subnets: [{ subnet: '10.1.0.0/24' }, { subnet: 'fd00:1::/64' }],
      })
      await slipway.networks.create({ name: 'six', ipv4: false, ipv6: true, subnets: [{ subnet: 'fd00:2::/64' }] })
      // The bridge is there, whoever has made it.
      await world.create(slipway, 'first', { ip: '172.17.0.99' })
      await slipway.pool.ready()
      const app = await world.create(slipway, 'app', options)
      t.is(
        slipway.pool.networks.reduce((sum, { claimed }) => sum + claimed, 0),
        size === 0 ? 0 : 1,
      )
      // The pool goes with it, and the sandbox stays.
      await slipway.close()
      states.push(everythingOf(world, app))
    }
    const [cold, pooled] = states
    t.deepEqual(pooled, cold)
  })
}

test('its port, its neighbours and its name answer', async (t) => {
  const { world, slipway } = await withPool(t, { size: 2, networks: ['bridge', 'web'] })
  await slipway.networks.create({ name: 'web' })
  await slipway.pool.ready()
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80'], aliases: ['api'] })
  const other = await world.create(slipway, 'other', { network: 'web' })
  t.is(poolOf(slipway, 'web').claimed, 2)
  serveTcp(t, app, 80)
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080`), '192.0.2.9')
  t.is(await fetchFrom(world.host, 'http://127.0.0.1:8080'), app.endpoints[0]?.gateway ?? '')
  t.is(await fetchFrom(other, `http://${addressOf(app)}`), addressOf(other))
  // Back into the same network, it leaves under the bridge's address.
  for (const client of [other, app])
    t.is(await fetchFrom(client, `http://${HOST_ADDRESS}:8080`), app.endpoints[0]?.gateway ?? '')
})

test('one that waits disturbs nobody who has its address', async (t) => {
  const { world, slipway } = await withPool(t, { size: 1 })
  const [waiting = ''] = veths(world.host)
  const other = await world.open()
  // The other process knows nothing of what waits here, and takes the same address.
  const app = await world.create(other, 'app', { ip: '172.17.0.2', publish: ['8080:80'] })
  t.true(veths(world.host).includes(waiting))
  serveTcp(t, app, 80)
  for (let time = 0; time < 5; time++)
    t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080`), '192.0.2.9')
  const second = await world.create(slipway, 'second')
  t.not(addressOf(second), addressOf(app))
})

test('an empty pool, and what does not fit, are made from the ground up', async (t) => {
  const { world, slipway } = await withPool(t, { size: 2 })
  const all = await Promise.all(
    Array.from({ length: 12 }, (_, index) => world.create(slipway, `${index}`, { publish: [`${8000 + index}:80`] })),
  )
  const { claimed, missed } = poolOf(slipway)
  t.is(claimed + missed, 12)
  t.true(claimed >= 2 && missed >= 1, JSON.stringify({ claimed, missed }))
  t.is(new Set(all.map(addressOf)).size, 12)
  await slipway.pool.ready()
  await world.create(slipway, 'ip', { ip: '172.17.1.1' })
  await world.create(slipway, 'mac', { mac: '02:42:00:00:00:01' })
  await world.create(slipway, 'none', { network: 'none' })
  t.deepEqual({ ...poolOf(slipway), making: 0 }, { network: 'bridge', size: 2, ready: 2, making: 0, claimed, missed })
  for (const app of all) {
    serveTcp(t, app, 80)
    t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:${app.ports[0]?.hostPort}`), '192.0.2.9')
  }
})

test('it tells what becomes of it', async (t) => {
  const world = new World(t)
  const told: PoolMessage[] = []
  const listen = (message: unknown) => told.push(message as PoolMessage)
  diagnostics.subscribe('slipway:pool', listen)
  t.teardown(() => diagnostics.unsubscribe('slipway:pool', listen))
  const slipway = await world.open({ pool: { size: 2, networks: ['told'] } })
  await slipway.networks.create({ name: 'told' })
  await slipway.pool.ready()
  const of = () =>
    told.filter(({ network }) => network === 'told').map(({ event, ready, size }) => `${event} ${ready}/${size}`)
  t.deepEqual(of(), ['made 1/2', 'made 2/2'])
  await world.create(slipway, 'a', { network: 'told' })
  await slipway.pool.ready()
  t.deepEqual(of().slice(2), ['claimed 1/2', 'made 2/2'])
})

test('what somebody has asked for by address is let go of', async (t) => {
  const { world, slipway } = await withPool(t, { size: 4 })
  const app = await world.create(slipway, 'app', { ip: '172.17.0.3' })
  t.is(addressOf(app), '172.17.0.3')
  const more = [await world.create(slipway, 'a'), await world.create(slipway, 'b'), await world.create(slipway, 'c')]
  t.is(new Set([app, ...more].map(addressOf)).size, 4)
})

test('a small network gives all its addresses to sandboxes', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ bip: '172.30.0.1/29', pool: { size: 16 } })
  await t.throwsAsync(slipway.pool.ready(), { code: 'EXHAUSTED', message: /pool/ })
  t.is(poolOf(slipway).ready, 5)
  const options = [{}, { ip: '172.30.0.4' }, { mac: '02:42:00:00:00:01' }, {}, { mac: '02:42:00:00:00:02' }]
  const all = []
  for (const [index, option] of options.entries()) all.push(await world.create(slipway, `${index}`, option))
  t.is(new Set(all.map(addressOf)).size, 5)
  await t.throwsAsync(world.create(slipway, 'more'), { code: 'EXHAUSTED' })
})

test('none is used twice', async (t) => {
  const { world, slipway } = await withPool(t, { size: 2 })
  const seen = new Set<string>()
  const places = new Set<string>()
  for (let index = 0; index < 10; index++) {
    const app = await world.create(slipway, 'app')
    seen.add(app.endpoints[0]?.hostInterface ?? '')
    places.add(app.enter(() => ip('netns', 'identify')) + app.endpoints[0]?.id)
    await app.remove()
    await slipway.pool.ready()
  }
  t.is(seen.size, 10)
  t.is(places.size, 10)
  t.is(poolOf(slipway).claimed, 10)
})

test.serial('what is refused gives its spare back', async (t) => {
  const { world, slipway } = await withPool(t, { size: 2 })
  await world.create(slipway, 'app', { publish: ['8080:80'] })
  await slipway.pool.ready()
  const before = await settled(world)
  const descriptors = descriptorsBesidePrepared()
  const links = veths(world.host)
  const other = await world.open()
  await t.throwsAsync(world.create(slipway, 'b', { publish: ['8080:80'] }), {
    code: 'PORT_IN_USE',
    message: /published already by the sandbox/,
  })
  await t.throwsAsync(world.create(slipway, 'app', { publish: ['8081:80'] }), {
    code: 'CONFLICT',
    message: /in use by another sandbox/,
  })
  ip('netns', 'add', world.name('c'))
  await t.throwsAsync(world.create(slipway, 'c', { publish: ['8081:80'] }), {
    code: 'CONFLICT',
    message: /exists already and is not a sandbox/,
  })
  ip('netns', 'delete', world.name('c'))
  await other.close()
  await isAsBefore(t, world, without(before, 'descriptors'))
  t.deepEqual(descriptorsBesidePrepared(), descriptors)
  t.deepEqual(veths(world.host), links)
  t.like(poolOf(slipway), { ready: 2, claimed: 1 })
})

test.serial('close takes all of it away', async (t) => {
  const world = new World(t)
  const first = await world.open()
  await world.create(first, 'app')
  await first.close()
  const before = await settled(world)
  const slipway = await world.open({ pool: { size: 20 } })
  await slipway.pool.ready()
  t.is(veths(world.host).length, 21)
  t.is(Object.keys(readFiles(world.stateDir)).filter((path) => path.includes('/pool/')).length, 1)
  await slipway.close()
  t.is(veths(world.host).length, 1)
  t.deepEqual(openDescriptors(), before.descriptors)
  await isAsBefore(t, world, before)
  // In the middle of making them, too.
  const again = await world.open({ pool: { size: 20 } })
  await again.close()
  await isAsBefore(t, world, before)
})

test('claims are elements of the set like all others, and what waits has none', async (t) => {
  const { world, slipway } = await withPool(t, { size: 3 })
  t.deepEqual(elements(world.host, 'addresses4'), [])
  t.deepEqual(elements(world.host, 'senders4', 'bridge'), [])
  const app = await world.create(slipway, 'app')
  t.deepEqual(elements(world.host, 'addresses4'), [
    { key: addressOf(app), comment: `${app.name} (${app.id.slice(0, 12)})` },
  ])
  t.true(await eventually(() => veths(world.host).length === 4))
})
