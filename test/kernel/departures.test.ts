import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { Slipway, SlipwayError, type CreateOptions, type Sandbox } from '#lib/index.js'
import { HeldBack } from '../helpers/hold-back.js'
import { Peer } from '../helpers/peer.js'
import { elements, isAsBefore, openDescriptors, readFiles, settled, snapshot, without } from '../helpers/snapshot.js'
import { ask, fetchFrom, NO_ANSWER, openUdp, REFUSED, serveTcp, serveUdp } from '../helpers/traffic.js'
import { eventually, HOST_ADDRESS, ip, ipJson, runIn, World } from '../helpers/world.js'

/** What is done behind the callers' backs once a sandbox or an endpoint is off the network, and who waits for it. */

const openOptions = (world: World) => ({ netns: world.host.path, stateDir: world.stateDir })
const WEB = { name: 'web', subnets: [{ subnet: '10.7.0.0/24' }] }
const records = (world: World) => Object.keys(readFiles(world.stateDir)).filter((path) => path.includes('/sandboxes/'))
const reaches = async (from: Sandbox, address: string) => (await runIn(from, 'ping', '-c1', '-W1', address)).code === 0

test.serial('nobody reaches what was removed, and it is nobody, before the kernel has done its part', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const other = await world.create(slipway, 'other')
  const app = await world.create(slipway, 'app', { publish: ['8080:80', '8081:81/udp'] })
  const side = await world.create(slipway, 'side', { network: `container:${app.name}` })
  serveTcp(t, app, 80)
  serveUdp(t, app, 81)
  const client = openUdp(t, world.neighbour)
  const address = app.endpoints[0]?.addresses[0]?.split('/')[0] ?? ''
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080/`), '192.0.2.9')
  t.true(await reaches(other, address))
  t.not(await ask(client, HOST_ADDRESS, 8081), NO_ANSWER)

  const back = new HeldBack(t)
  await app.remove()
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080/`, { expected: REFUSED }), REFUSED)
  t.is(await fetchFrom(other, `http://${address}/`, { expected: NO_ANSWER }), NO_ANSWER)
  t.false(await reaches(other, address))
  t.is(await ask(client, HOST_ADDRESS, 8081, NO_ANSWER), NO_ANSWER)
  await t.throwsAsync(slipway.sandboxes.get(app.name), { code: 'NOT_FOUND' })
  await t.throwsAsync(slipway.sandboxes.get(app.id), { code: 'NOT_FOUND' })
  t.deepEqual(
    (await slipway.sandboxes.list()).map(({ name }) => name),
    [other.name, side.name],
  )
  for (const call of [
    () => app.refresh(),
    () => app.publish('80'),
    () => app.files(),
    async () => app.enter(() => undefined),
  ])
    await t.throwsAsync(call, { code: 'NOT_FOUND' })
  t.false(side.sharing?.alive)
  // Another process that comes now leaves it to this one.
  const another = await world.open()
  t.deepEqual(another.reconciled.collected, [])
  t.deepEqual([...another.reconciled.adopted].sort(), [other.name, side.name].sort())
  // Its claim stands, so that nobody gets an address that is still on the bridge.
  t.true(elements(world.host, 'addresses4').some(({ key }) => key === address))

  back.letGo()
  t.true(await eventually(() => !elements(world.host, 'addresses4').some(({ key }) => key === address)))
  t.true(await eventually(() => ipJson(side, 'link').length === 1))
})

test.serial('whoever wants the name, the address or a port again gets them: this process', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const options: CreateOptions = { ip: '172.17.0.9', publish: ['8080:80', '8081:81/udp'] }
  const client = openUdp(t, world.neighbour)
  for (let round = 0; round < 10; round++) {
    const app = await world.create(slipway, 'app', options)
    serveTcp(t, app, 80)
    serveUdp(t, app, 81)
    // Were the SYN sent where the old one was, it would be a second late.
    t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080/`), '192.0.2.9')
    // One conversation, whoever answers.
    t.is(await ask(client, HOST_ADDRESS, 8081), '192.0.2.9')
    await app.remove()
  }
})

test.serial('and another process', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create(WEB)
  const app = await world.create(slipway, 'app', { network: 'web', ip: '10.7.0.9', publish: ['8080:80'] })
  const peer = await Peer.start(t, openOptions(world))
  const back = new HeldBack(t)
  await app.remove()
  const options = { network: 'web', ip: '10.7.0.9', publish: ['8080:80'] }
  const calls = [peer.call('create', { name: app.name, ...options })]
  t.is(await Promise.race([sleep(100, 'waits'), ...calls]), 'waits')
  back.letGo()
  await Promise.all(calls)
  const again = await slipway.sandboxes.get(app.name)
  t.not(again.id, app.id)
  // Under another name, the address is what it waits for.
  await again.remove()
  await peer.call('create', { name: world.name('other'), ...options })
  t.is((await slipway.sandboxes.get(world.name('other'))).endpoints[0]?.addresses[0], '10.7.0.9/24')
})

test.serial('a network of few addresses: who needs one that is on its way out waits for it', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ bip: '172.17.0.1/16', fixedCidr: '172.17.0.0/30' })
  const make = (name: string) => world.create(slipway, name)
  for (let round = 0; round < 5; round++) {
    const [a, b] = [await make('a'), await make('b')]
    await t.throwsAsync(make('c'), { code: 'EXHAUSTED' })
    await Promise.all([a.remove(), b.remove()])
  }
})

test.serial('off a network and on it again at once, by this process and by another', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create(WEB)
  const app = await world.create(slipway, 'app')
  const other = await world.create(slipway, 'other', { network: 'web' })
  for (let round = 0; round < 3; round++) {
    await app.connect('web', { ip: '10.7.0.77' })
    t.true(await reaches(other, '10.7.0.77'))
    const back = new HeldBack(t)
    await app.disconnect('web')
    t.false(await reaches(other, '10.7.0.77'))
    back.letGo()
  }
  const peer = await Peer.start(t, openOptions(world))
  await app.connect('web')
  await app.disconnect('web')
  await peer.call('connect', app.name, 'web')
  await app.refresh()
  t.deepEqual(
    app.endpoints.map((endpoint) => endpoint.interface),
    ['eth0', 'eth1'],
  )
  t.true(await reaches(other, app.endpoints[1]?.addresses[0]?.split('/')[0] ?? ''))
})

/** A host that has something else, too. */
async function setUp(t: ExecutionContext): Promise<World> {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create(WEB)
  await world.create(slipway, 'stays')
  ip('netns', 'add', world.name('theirs'))
  return world
}

/** One of each kind, with files. */
async function oneOfEach(world: World, slipway: Slipway): Promise<Sandbox[]> {
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80', '8081:81/udp'] })
  await app.connect('bridge')
  await app.files()
  return [
    await world.create(slipway, 'side', { network: `container:${app.name}` }),
    app,
    await world.create(slipway, 'foreign', {
      network: 'web',
      netns: `/run/netns/${world.name('theirs')}`,
      publish: ['8082:80'],
    }),
    await world.create(slipway, 'none', { network: 'none' }),
    await world.create(slipway, 'host', { network: 'host' }),
  ]
}

test.serial('a process that is killed in between: the next one ends what it had begun', async (t) => {
  const world = await setUp(t)
  const slipway = await world.open()
  const before = snapshot(world)
  const peer = await Peer.start(t, openOptions(world))
  const all = await oneOfEach(world, slipway)
  await peer
    .call(
      'removeAndDie',
      all.map(({ name }) => name),
    )
    .catch(() => undefined)
  await peer.kill()
  // All but the one that has nothing for the kernel to do.
  t.is(records(world).length, 1 + all.length - 1)
  t.deepEqual(
    (await slipway.sandboxes.list()).map(({ name }) => name),
    [world.name('stays')],
  )
  const { reconciled } = await world.open()
  t.deepEqual(reconciled.adopted, [world.name('stays')])
  t.is(reconciled.collected.filter((text) => text.includes('half removed')).length, all.length - 1)
  await isAsBefore(t, world, without(before, 'descriptors'))
  for (const sandbox of await oneOfEach(world, slipway)) await sandbox.remove()
})

test.serial('close({ wait: true }) leaves nothing for later', async (t) => {
  const world = await setUp(t)
  const before = await settled(world)
  const slipway = await world.open()
  await Promise.all((await oneOfEach(world, slipway)).map((sandbox) => sandbox.remove()))
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      world.create(slipway, `${index}`, { network: 'web', publish: [`${9000 + index}:80`] }),
    ),
  )
  await Promise.all(many.map((sandbox) => sandbox.remove()))
  await slipway.close({ wait: true })
  const after = snapshot(world)
  for (const section of ['links', 'elements', 'namespaces', 'files'] as const)
    t.deepEqual(after[section], before[section], section)
  t.true(await eventually(() => String(openDescriptors()) === String(before.descriptors)))
})

test.serial('what the kernel refuses is tried again', async (t) => {
  const world = await setUp(t)
  const slipway = await world.open()
  const before = snapshot(world)
  const back = new HeldBack(t)
  back.letGo()
  for (let index = 0; ; index++) {
    const all = await oneOfEach(world, slipway)
    let refused = 0
    back.refuse((plan) => (refused++ === 0 && plan[index] ? index : undefined))
    for (const sandbox of all) await sandbox.remove()
    await isAsBefore(t, world, without(before, 'descriptors'), `operation ${index}`)
    if (index > 20) break
  }
})

test.serial(
  'and left to the next open() when it is refused again and again, which close({ wait: true }) tells',
  async (t: ExecutionContext) => {
    const world = await setUp(t)
    const before = snapshot(world)
    const slipway = await Slipway.open(openOptions(world))
    const back = new HeldBack(t)
    back.letGo()
    const [, app] = await oneOfEach(world, slipway)
    back.refuse((plan) =>
      plan.some(({ op }) => op === 'netns.delete') ? plan.findIndex(({ op }) => op === 'netns.delete') : undefined,
    )
    await app?.remove()
    const error = await t.throwsAsync(slipway.close({ wait: true }), { instanceOf: SlipwayError, code: 'KERNEL' })
    t.regex((error as Error).message, /ip netns delete/)
    back.refuse(undefined)
    const next = await world.open()
    t.true(next.reconciled.collected.some((text) => text.includes(`sandbox ${app?.name}: half made or half removed`)))
    for (const sandbox of await next.sandboxes.list()) if (sandbox.name !== world.name('stays')) await sandbox.remove()
    await next.close({ wait: true })
    await isAsBefore(t, world, without(before, 'descriptors'))
  },
)
