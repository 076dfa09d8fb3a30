import test, { type ExecutionContext } from 'ava'
import type { OpenOptions } from 'slipway'
import { DualStackWorld, NEIGHBOUR } from '../helpers/dual-stack.js'
import { everythingOf } from '../helpers/everything.js'
import { addressesOn, answersTo, linksIn, onSegment } from '../helpers/segment.js'
import { eventually, ip } from '../helpers/world.js'

/**
 * Sandboxes made ahead of need on the segment of a link. No rule of the host is between them and the segment, so
 * nothing is heard of them before they are claimed.
 */

const SIZE = 3
/** What the first three of the network's range have. */
const FIRST = ['192.0.2.129', '192.0.2.130', '192.0.2.131', 'fd00:99::8:1', 'fd00:99::8:2', 'fd00:99::8:3']

async function withPool(
  t: ExecutionContext,
  options: Record<string, string> = {},
  pool: OpenOptions['pool'] = { size: SIZE, networks: ['lan'] },
) {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open({ pool })
  await onSegment(slipway, { options })
  return { world, slipway }
}

test.serial('one that waits does not answer; once it is claimed it does, as one that was not made ahead', async (t) => {
  const states = []
  for (const size of [0, SIZE]) {
    const { world, slipway } = await withPool(t, { host_shim: 'true' }, { size, networks: ['lan'] })
    await slipway.pool.ready()
    t.deepEqual(
      await answersTo(world.neighbour, FIRST, 'brief'),
      FIRST.map(() => 'no'),
    )
    const app = await world.create(slipway, 'app', { network: 'lan' })
    t.is(slipway.pool.networks[0]?.claimed ?? 0, size === 0 ? 0 : 1)
    // The neighbour has asked for it in vain, a moment ago, and asks again a second later.
    t.true(await eventually(async () => !(await answersTo(world.neighbour, addressesOn(app), 'brief')).includes('no')))
    t.deepEqual(await answersTo(app, Object.values(NEIGHBOUR)), ['yes', 'yes'])
    t.deepEqual(await answersTo(world.host, addressesOn(app)), ['yes', 'yes'])
    await slipway.close()
    const { inside, record, inspect } = everythingOf(world, app)
    states.push({
      addresses: inside['addresses'],
      routes: inside['routes'],
      links: linksIn(app).length,
      record: record.length,
      inspect: Object.keys(inspect as object),
    })
  }
  t.deepEqual(states[1], states[0])
})

test.serial('a claim that is refused leaves the spare unheard, and the next create takes it', async (t) => {
  const { world, slipway } = await withPool(t)
  await slipway.pool.ready()
  const app = await world.create(slipway, 'app', { network: 'lan' })
  await slipway.pool.ready()
  await t.throwsAsync(world.create(slipway, 'app', { network: 'lan' }), { code: 'CONFLICT' })
  t.is(slipway.pool.networks[0]?.ready, SIZE)
  const others = FIRST.filter((address) => !addressesOn(app).includes(address))
  t.deepEqual(
    await answersTo(world.neighbour, others, 'brief'),
    others.map(() => 'no'),
  )
  const next = await world.create(slipway, 'next', { network: 'lan' })
  t.is(slipway.pool.networks[0]?.claimed, 2)
  t.deepEqual(await answersTo(world.neighbour, addressesOn(next)), ['yes', 'yes'])
})

test.serial('an address that another process has claimed meanwhile: the spare goes, and nobody notices', async (t) => {
  const { world, slipway } = await withPool(t)
  await slipway.pool.ready()
  const other = await world.open()
  const theirs = await Promise.all(
    FIRST.slice(0, SIZE).map((address, index) => world.create(other, `their${index}`, { network: 'lan', ip: address })),
  )
  const app = await world.create(slipway, 'app', { network: 'lan' })
  const [address = ''] = addressesOn(app)
  t.false(FIRST.includes(address), address)
  for (const sandbox of [...theirs, app])
    t.deepEqual(await answersTo(world.neighbour, addressesOn(sandbox)), ['yes', 'yes'])
})

test.serial('a parent that is another by now: the spares on it go with it', async (t) => {
  const { world, slipway } = await withPool(t)
  await slipway.pool.ready()
  const { host, neighbour } = world
  ip('-n', host.name, 'link', 'delete', 'uplink')
  ip('link', 'add', 'uplink', 'netns', host.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', neighbour.name)
  ip('-n', neighbour.name, 'address', 'add', '192.0.2.9/24', 'dev', 'eth0')
  ip('-n', neighbour.name, 'link', 'set', 'eth0', 'up')
  ip('-n', host.name, 'link', 'set', 'uplink', 'up')
  const app = await world.create(slipway, 'app', { network: 'lan' })
  t.is((await answersTo(world.neighbour, addressesOn(app)))[0], 'yes')
})

test.serial('none are made in mode passthru, which has room for one', async (t) => {
  const { world, slipway } = await withPool(t, { macvlan_mode: 'passthru' })
  await t.throwsAsync(slipway.pool.ready(), { code: 'INVALID_ARGUMENT', message: /passthru.*uplink to itself/ })
  const app = await world.create(slipway, 'app', { network: 'lan' })
  t.deepEqual(await answersTo(app, Object.values(NEIGHBOUR)), ['yes', 'yes'])
})
