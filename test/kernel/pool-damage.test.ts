import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { kernelIsAsListed } from '../env/invariants.js'
import { failEverywhere } from '../helpers/fail-everywhere.js'
import { refuses } from '../helpers/bad-input.js'
import { descriptorsBesidePrepared, difference, isAsBefore, settled, snapshot, without } from '../helpers/snapshot.js'
import { fetchFrom, serveTcp } from '../helpers/traffic.js'
import { execIn, eventually, lasting, HOST_ADDRESS, ip, ipJson, World, type Place } from '../helpers/world.js'

/** Sandboxes made ahead of need, and what others do to them. */

// One after the other: descriptors are compared, too.
const { serial } = test

const veths = (place: Place) =>
  ipJson<{ ifname: string }>(place, 'link')
    .map(({ ifname }) => ifname)
    .filter((name) => name.startsWith('veth'))

async function setUp(t: ExecutionContext, networks = ['bridge']) {
  const world = new World(t)
  const slipway = await world.open({ pool: { size: 3, networks } })
  if (networks.includes('web')) await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.7.0.0/24' }] })
  await slipway.pool.ready()
  return { world, slipway }
}

/** A create that answers through its port, and a pool that is full again. */
async function works(
  t: ExecutionContext,
  { world, slipway }: Awaited<ReturnType<typeof setUp>>,
  name: string,
  network = 'bridge',
): Promise<void> {
  const app = await world.create(slipway, name, { network, publish: ['80'] })
  serveTcp(t, app, 80)
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:${app.ports[0]?.hostPort}`), '192.0.2.9', name)
  await slipway.pool.ready()
  t.is(slipway.pool.networks.find((pool) => pool.network === network)?.ready, 3, name)
  await app.remove()
}

serial('every operation of a claim is undone, and its spare given back', async (t) => {
  const { world, slipway } = await setUp(t, ['web'])
  await world.create(slipway, 'stays', { network: 'web', publish: ['5000:50/udp'] })
  await slipway.pool.ready()
  await settled(world)
  const state = () => ({ ...without(snapshot(world), 'descriptors'), descriptors: descriptorsBesidePrepared() })
  const before = state()
  let index = 0
  await failEverywhere(
    t,
    (plan) => plan.some(({ op }) => op === 'netns.bind'),
    () => world.create(slipway, 'app', { network: 'web', publish: ['80', '81/udp', '127.0.0.1:8080:82'] }),
    async (what) => {
      index++
      t.deepEqual(await lasting(() => difference(before, state())), [], what)
    },
  )
  t.true(index > 1)
})

serial('a bridge that is full', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  // Where the host is not the gateway, a network has one bridge only.
  await slipway.networks.create({
    name: 'lone',
    subnets: [{ subnet: '10.9.0.0/16' }],
    options: { 'com.docker.network.bridge.name': 'lone0', 'com.docker.network.bridge.inhibit_ipv4': 'true' },
  })
  await world.create(slipway, 'first', { network: 'lone' })
  const before = await settled(world)
  const pairs = Array.from({ length: 511 }, (_, n) => [
    `link add a${n} group 77 master lone0 type veth peer name b${n}`,
    `link set b${n} master lone0`,
  ])
  execIn(world.host, 'sh', '-c', `ip -batch - <<'END'\n${pairs.flat().join('\n')}\nEND`)
  const pooled = await world.open({ pool: { size: 2, networks: ['lone'] } })
  await t.throwsAsync(pooled.pool.ready(), { code: 'EXHAUSTED', message: /1,023 ports/ })
  t.like(pooled.pool.networks[0], { ready: 0, making: 0 })
  ip('-n', world.host.name, 'link', 'delete', 'group', '77')
  await pooled.pool.ready()
  t.is(pooled.pool.networks[0]?.ready, 2)
  await pooled.close()
  await isAsBefore(t, world, before)
})

serial('somebody deletes the link of one', async (t) => {
  const scene = await setUp(t)
  const { world, slipway } = scene
  const links = veths(world.host)
  ip('-n', world.host.name, 'link', 'delete', links[0] ?? '')
  await works(t, scene, 'one')
  // And makes another of its name.
  const next = veths(world.host)
  for (const name of next.slice(0, 1)) {
    ip('-n', world.host.name, 'link', 'delete', name)
    ip('-n', world.host.name, 'link', 'add', name, 'type', 'bridge')
    await works(t, scene, 'two')
    ip('-n', world.host.name, 'link', 'delete', name)
  }
  await kernelHasPool(t, scene.world, slipway)
})

serial('somebody deletes the bridge', async (t) => {
  for (const network of ['bridge', 'web']) {
    const scene = await setUp(t, [network])
    const { world, slipway } = scene
    const bridge = network === 'bridge' ? 'docker0' : ((await slipway.networks.get('web')).bridge ?? '')
    ip('-n', world.host.name, 'link', 'delete', bridge)
    await works(t, scene, 'one', network)
    await kernelHasPool(t, world, slipway)
  }
})

serial('somebody takes the folder of the records away', async (t) => {
  const scene = await setUp(t)
  rmSync(join(scene.world.stateDir, String(statSync(scene.world.host.path).ino), 'sandboxes'), { recursive: true })
  await works(t, scene, 'one')
})

serial('somebody flushes the ruleset', async (t) => {
  const scene = await setUp(t)
  execIn(scene.world.host, 'nft', 'flush ruleset')
  await works(t, scene, 'one')
  await kernelHasPool(t, scene.world, scene.slipway)
})

serial('a network is removed, and made anew', async (t) => {
  const scene = await setUp(t, ['web'])
  const { world, slipway } = scene
  const app = await world.create(slipway, 'app', { network: 'web' })
  const web = await slipway.networks.get('web')
  await t.throwsAsync(web.remove(), { code: 'CONFLICT', message: /in use by/ })
  await slipway.pool.ready()
  await app.remove()
  await web.remove()
  t.true(await eventually(() => veths(world.host).length === 0))
  await t.throwsAsync(world.create(slipway, 'b', { network: 'web' }), { code: 'NOT_FOUND' })
  t.is(slipway.pool.networks[0]?.ready, 0)
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.8.0.0/24' }] })
  await slipway.pool.ready()
  const again = await world.create(slipway, 'c', { network: 'web' })
  t.is(again.endpoints[0]?.addresses[0], '10.8.0.2/24')
  t.is(slipway.pool.networks[0]?.claimed, 2)
  await again.remove()
  await works(t, scene, 'd', 'web')
})

serial('another process removes the network, and makes one of its name', async (t) => {
  const scene = await setUp(t, ['web'])
  const { world, slipway } = scene
  const other = await world.open()
  // The spares of another process are no users of it either.
  await (await other.networks.get('web')).remove()
  await t.throwsAsync(world.create(slipway, 'b', { network: 'web' }), { code: 'NOT_FOUND' })
  await other.networks.create({ name: 'web', subnets: [{ subnet: '10.8.0.0/24' }] })
  const again = await world.create(slipway, 'c', { network: 'web' })
  // The pool may have taken the first addresses for its spares by then.
  t.regex(again.endpoints[0]?.addresses[0] ?? '', /^10\.8\.0\.[2-5]\/24$/)
  await again.remove()
  await works(t, scene, 'd', 'web')
})

serial('options that are none', async (t) => {
  const world = new World(t)
  const open = (pool: unknown) => () => world.open({ pool } as never)
  await refuses(
    t,
    world,
    [open(3), 'INVALID_ARGUMENT', 'pool', '{ size: 32 }'],
    [open({ sise: 3 }), 'INVALID_ARGUMENT', '"sise"', 'size, networks'],
    [open({ size: -1 }), 'INVALID_ARGUMENT', 'size', 'from 0 to 1000'],
    [open({ size: 1.5 }), 'INVALID_ARGUMENT', 'size'],
    [open({ size: 1001 }), 'INVALID_ARGUMENT', 'size', '1,023 ports'],
    [open({ size: 1, networks: [] }), 'INVALID_ARGUMENT', 'networks'],
    [open({ size: 1, networks: ['host'] }), 'INVALID_ARGUMENT', 'networks', 'names of networks'],
    [
      open({ size: 1000, networks: Array.from({ length: 1000 }, (_, n) => `n${n}`) }),
      'INVALID_ARGUMENT',
      'descriptors',
      'smaller size',
    ],
  )
})

/** What is listed is there, and the spares beside it; without them, nothing else. */
async function kernelHasPool(t: ExecutionContext, world: World, slipway: { close(): Promise<void> }): Promise<void> {
  await slipway.close()
  await kernelIsAsListed(t, world, await world.open())
}
