import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Slipway, type CreateNetworkOptions, type OpenOptions, type Sandbox } from '#lib/index.js'
import { DualStackWorld, NEIGHBOUR } from '../helpers/dual-stack.js'
import { addressesOf } from '../helpers/every-kind.js'
import { Peer } from '../helpers/peer.js'
import { holds, serveBoth, type Cast } from '../helpers/reach-table.js'
import { having, Refuser } from '../helpers/refuse.js'
import { SEGMENT } from '../helpers/segment.js'
import { isAsBefore, settled } from '../helpers/snapshot.js'
import { eventually, execIn, ip, ipJson, type Place } from '../helpers/world.js'

/** The routes that sandboxes have through routers on their networks. */

/** Of the network number n: 10.n.0.0/24 and fd00:n::/64. */
const subnets = (n: number) => [{ subnet: `10.${n}.0.0/24` }, { subnet: `fd00:${n}::/64` }]
const NETWORKS = { left: 1, right: 2, third: 3 } as const

async function threeNetworks(
  t: ExecutionContext,
  open: OpenOptions = {},
  more: Partial<Record<keyof typeof NETWORKS, Partial<CreateNetworkOptions>>> = {},
) {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open(open)
  for (const [name, n] of Object.entries(NETWORKS))
    await slipway.networks.create({ name, ipv6: true, subnets: subnets(n), ...more[name as keyof typeof NETWORKS] })
  return { world, slipway, options: { netns: world.host.path, stateDir: world.stateDir } }
}

const reopen = async (options: OpenOptions) => (await Slipway.open(options)).close()

interface Route {
  dst: string
  gateway?: string
  metric?: number
  protocol?: string
}

const routesIn = (place: Pick<Place, 'path'>): Route[] =>
  ['-4', '-6'].flatMap((family) => ipJson<Route>({ name: '', path: place.path }, family, 'route', 'show'))

/** `10.2.0.0/24 by 10.1.0.2 2048`, for each route of ours. */
const through = (place: Pick<Place, 'path'>): string[] =>
  routesIn(place)
    .filter(({ protocol }) => protocol === '115')
    .map(({ dst, gateway, metric }) => `${dst} by ${gateway} ${metric}`)

/** Those to networks by a router, in both IP versions. */
const by = (router: Sandbox, on: string, metric: number, ...to: (keyof typeof NETWORKS)[]): string[] => {
  const via = addressesOf(router, on)
  return ([4, 6] as const).flatMap((family) =>
    to.map((name) => `${subnets(NETWORKS[name])[family === 4 ? 0 : 1]?.subnet} by ${via[family]} ${metric}`),
  )
}

test.serial('sandboxes of its networks reach each other through a router, whichever came first', async (t) => {
  const { world, slipway } = await threeNetworks(t)
  const one = await world.create(slipway, 'one', { network: 'left' })
  const router = await world.create(slipway, 'router', { network: 'left', forwarding: true })
  t.deepEqual(through(one), [])
  await router.connect('right')
  const two = await world.create(slipway, 'two', { network: 'right' })
  t.deepEqual(through(one), by(router, 'left', 2048, 'right'))
  t.deepEqual(through(two), by(router, 'right', 2048, 'left'))
  t.deepEqual([...through(router), ...router.warnings], [])
  const cast: Cast = { neighbour: { place: world.neighbour, at: NEIGHBOUR } }
  for (const [name, side] of Object.entries({ one, two })) {
    serveBoth(t, side, 80)
    cast[name] = { place: side, at: addressesOf(side) }
  }
  await holds(
    t,
    cast,
    `
      from  one:80  two:80
      one   .       one
      two   two     .`,
  )

  const three = await world.create(slipway, 'three', { network: 'third' })
  await router.connect('third')
  t.deepEqual(through(one), by(router, 'left', 2048, 'right', 'third'))
  // A sandbox on two of its networks has two ways to the third one.
  t.deepEqual(through(three), by(router, 'third', 2049, 'left', 'right'))
  await router.disconnect('right')
  t.deepEqual(through(one), by(router, 'left', 2048, 'third'))
  t.deepEqual(through(two), [])

  // What is on both networks itself needs no router, for as long as it is.
  await one.connect('third')
  t.deepEqual(through(one), [])
  await one.disconnect('third')
  t.deepEqual(through(one), by(router, 'left', 2048, 'third'))
  await one.disconnect('left')
  await one.connect('right')
  t.deepEqual(through(one), [])
  await one.connect('left')
  t.deepEqual(through(one), by(router, 'left', 2048, 'third'))

  await router.remove()
  t.deepEqual([one, two, three].flatMap(through), [])
  t.deepEqual(through(await world.create(slipway, 'four', { network: 'left' })), [])
})

test.serial('of two routers between two networks each has its route, and the other stays when one goes', async (t) => {
  const { world, slipway } = await threeNetworks(t)
  const one = await world.create(slipway, 'one', { network: 'left' })
  const routers: Sandbox[] = []
  for (const name of ['first', 'second']) {
    const router = await world.create(slipway, name, { network: 'left', forwarding: true })
    await router.connect('right')
    routers.push(router)
  }
  const [first, second] = routers as [Sandbox, Sandbox]
  t.deepEqual(through(one).sort(), [...by(first, 'left', 2048, 'right'), ...by(second, 'left', 2049, 'right')].sort())
  // Each is a sandbox on the other's networks, and on both of them itself.
  t.deepEqual(routers.flatMap(through), [])
  await first.remove()
  t.deepEqual(through(one), by(second, 'left', 2049, 'right'))
  const third = await world.create(slipway, 'third', { network: 'left', forwarding: true })
  await third.connect('right')
  t.deepEqual(through(one).sort(), [...by(third, 'left', 2048, 'right'), ...by(second, 'left', 2049, 'right')].sort())
})

test.serial('routes of its own win inside a sandbox, and stay when the router goes', async (t) => {
  const { world, slipway } = await threeNetworks(t)
  const one = await world.create(slipway, 'one', { network: 'left' })
  const own = (...words: string[]) => ip('-n', one.name, 'route', 'add', ...words)
  const router = await world.create(slipway, 'router', { network: 'left', forwarding: true })
  await router.connect('right')
  const routed = addressesOf(router, 'left')
  own('10.2.0.0/24', 'via', '10.1.0.99')
  own('fd00:2::/64', 'via', 'fd00:1::99')
  // As a program might that thinks it knows better, and one that says the same as we do with another metric.
  own('10.2.0.0/24', 'via', routed[4], 'metric', '7')
  own('10.3.0.0/24', 'via', routed[4], 'metric', '2048')
  const chosen = () =>
    ['10.2.0.5', 'fd00:2::5'].map((to) => ipJson<Route>(one, 'route', 'get', to).map(({ gateway }) => gateway)[0])
  t.deepEqual(chosen(), ['10.1.0.99', 'fd00:1::99'])
  const before = routesIn(one).filter(({ protocol }) => protocol !== '115')
  await router.connect('third')
  await router.remove()
  t.deepEqual(
    routesIn(one).map((route) => JSON.stringify(route)),
    before.map((route) => JSON.stringify(route)),
  )
})

test.serial('a sandbox that takes no route is named in a warning, and the others get theirs', async (t) => {
  const { world, slipway } = await threeNetworks(t)
  const odd = await world.create(slipway, 'odd', { network: 'left' })
  const renamed = await world.create(slipway, 'renamed', { network: 'left' })
  const gone = await world.create(slipway, 'gone', { network: 'left' })
  const one = await world.create(slipway, 'one', { network: 'left' })
  ip('-n', odd.name, 'link', 'set', 'dev', 'eth0', 'down')
  ip('-n', renamed.name, 'link', 'set', 'dev', 'eth0', 'name', 'mine')
  ip('netns', 'delete', gone.name)
  const router = await world.create(slipway, 'router', { network: 'left', forwarding: true })
  await router.connect('right')
  const due = by(router, 'left', 2048, 'right')
  t.deepEqual([one, renamed].map(through), [due, due])
  for (const place of [odd, gone])
    t.true(
      router.warnings.some((text) => text.includes(place.name)),
      `${place.name}: ${router.warnings.join('\n')}`,
    )
  t.false(router.warnings.some((text) => text.includes(one.name)))
  await router.disconnect('right')
  t.deepEqual([one, renamed].flatMap(through), [])
})

test.serial('which networks have such routes', async (t) => {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'right', ipv6: true, subnets: subnets(2) })
  const two = await world.create(slipway, 'two', { network: 'right' })
  const lan = (mode: string) => ({ ...SEGMENT, options: { ...SEGMENT.options, macvlan_mode: mode } })
  const kinds: Readonly<Record<string, { has: boolean; options?: Partial<CreateNetworkOptions> }>> = {
    bridge: { has: true },
    internal: { has: true, options: { internal: true, ipv6: true, subnets: subnets(3) } },
    apart: {
      has: false,
      options: { options: { 'com.docker.network.bridge.enable_icc': 'false' }, ipv6: true, subnets: subnets(4) },
    },
    lan: { has: true, options: lan('bridge') },
    private: { has: false, options: lan('private') },
  }
  for (const [network, { has, options }] of Object.entries(kinds)) {
    if (options) await slipway.networks.create({ name: network, ...options })
    const one = await world.create(slipway, 'one', { network })
    const router = await world.create(slipway, 'router', { network, forwarding: true })
    await router.connect('right')
    const ipv4Alone = network === 'bridge'
    t.deepEqual(through(one), has ? by(router, network, 2048, 'right').slice(0, ipv4Alone ? 1 : 2) : [], network)
    t.is(through(two).length, ipv4Alone ? 1 : 2, network)
    for (const address of has ? Object.values(addressesOf(two)).slice(0, ipv4Alone ? 1 : 2) : [])
      t.notThrows(() => execIn({ name: '', path: one.path }, 'ping', '-c', '1', '-W', '5', address), network)
    await router.remove()
    await one.remove()
    if (options) await (await slipway.networks.get(network)).remove()
  }
})

test.serial('another process knows of a router at once, and takes its routes from sandboxes of others', async (t) => {
  const { world, slipway, options } = await threeNetworks(t, { pool: { size: 2, networks: ['left'] } })
  const peer = await Peer.start(t, options)
  const one = await world.create(slipway, 'one', { network: 'left' })
  const [name, far] = [world.name('router'), world.name('far')]
  await peer.call('create', { name: far, network: 'right' })
  for (let round = 0; round < 3; round++) {
    await slipway.pool.ready()
    await peer.call('create', { name, network: 'left', forwarding: true })
    await peer.call('connect', name, 'right')
    const { claimed = 0 } = slipway.pool.networks[0] ?? {}
    const two = await world.create(slipway, `two${round}`, { network: 'left' })
    const three = await world.create(slipway, `three${round}`, { network: 'left', mac: '02:00:00:00:00:03' })
    t.is(slipway.pool.networks[0]?.claimed, claimed + 1)
    const router = await slipway.sandboxes.get(name)
    const due = by(router, 'left', 2048, 'right')
    t.deepEqual([one, two, three].map(through), [due, due, due])
    t.deepEqual(through(await slipway.sandboxes.get(far)), by(router, 'right', 2048, 'left'))
    if (round === 0) await peer.call('remove', name)
    else if (round === 1) await router.remove()
    else await peer.call('disconnect', name, 'left')
    t.deepEqual([one, two, three, await slipway.sandboxes.get(far)].flatMap(through), [])
    await slipway.pool.ready()
    t.deepEqual(through(await world.create(slipway, `four${round}`, { network: 'left' })), [])
    await three.remove()
  }
})

test.serial('a router whose connect or disconnect fails leaves all routes as they were', async (t) => {
  const { world, slipway } = await threeNetworks(t)
  const one = await world.create(slipway, 'one', { network: 'left' })
  const router = await world.create(slipway, 'router', { network: 'left', forwarding: true })
  const refuser = new Refuser(t)
  for (const connected of ['left', 'right'] as const) {
    if (connected === 'right') await router.connect('right')
    const due = through(one)
    const isMeant = having(connected === 'left' ? 'link.create' : 'address.delete')
    const work = () => (connected === 'left' ? router.connect('right') : router.disconnect('right'))
    const back = () => (connected === 'left' ? router.disconnect('right') : router.connect('right'))
    const plan = await refuser.during(isMeant, undefined, work)
    await back()
    const before = await settled(world)
    for (const index of [plan.findIndex((one) => 'path' in one && one.path.endsWith('routes.json')), plan.length - 1]) {
      await refuser.during(isMeant, index, () => t.throwsAsync(work()))
      const what = `${connected}, operation ${index}`
      t.deepEqual(through(one), due, what)
      await isAsBefore(t, world, before, what)
    }
  }
  t.is(through(one).length, 2)
})

test.serial('open() ends what a process had begun that died: routes are given, or taken', async (t) => {
  const { world, slipway, options } = await threeNetworks(t)
  const file = join(world.stateDir, String(statSync(world.host.path).ino), 'routes.json')
  const one = await world.create(slipway, 'one', { network: 'left' })
  const router = await world.create(slipway, 'router', { network: 'left', forwarding: true })
  await router.connect('right')
  const due = by(router, 'left', 2048, 'right')
  const written = readFileSync(file, 'utf8')
  const half = (state: string) => writeFileSync(file, written.replaceAll(/"router":"\w+"/g, `$&,"state":"${state}"`))
  const strip = () => {
    for (const family of ['-4', '-6']) execIn(one, 'ip', family, 'route', 'flush', 'proto', '115')
  }
  // It had said that they come, and given none.
  strip()
  half('coming')
  await reopen(options)
  t.deepEqual(through(one), due)
  t.is(readFileSync(file, 'utf8'), written)
  // It had said that they go; but the router has stayed on the network, as its plan was not done.
  half('going')
  await reopen(options)
  t.deepEqual(through(one), due)
  // What a sandbox takes from itself is its own business.
  strip()
  await reopen(options)
  t.deepEqual(through(one), [])
  // The file itself is lost, or nonsense.
  writeFileSync(file, '{"version":1,')
  await reopen(options)
  t.deepEqual(through(one), due)
  // Its link is made again, and the routes that went with it.
  ip('-n', one.name, 'link', 'delete', 'eth0')
  t.deepEqual(through(one), [])
  await reopen(options)
  t.deepEqual(through(one), due)
})

test.serial('open() does what is left of a call whose process was killed in the middle', async (t) => {
  const { world, slipway, options } = await threeNetworks(t)
  const one = await world.create(slipway, 'one', { network: 'left' })
  const router = await world.create(slipway, 'router', { network: 'left', forwarding: true })
  const due = by(router, 'left', 2048, 'right')
  for (const [call, network, after] of [
    ['connect', 'right', due],
    ['disconnect', 'right', []],
    ['remove', undefined, []],
  ] as const) {
    if (call === 'remove') await router.connect('right')
    const peer = await Peer.start(t, options)
    const before = through(one)
    const killed = peer.call('dieAfter', 'routes.json', call, ...[router.name, ...(network ? [network] : [])])
    await t.throwsAsync(killed, { message: /ended/ })
    t.deepEqual(through(one), before, call)
    await reopen(options)
    t.deepEqual(through(one), after, call)
  }
})

test.serial('who opens the host takes no routes from a router that another process connects meanwhile', async (t) => {
  const { world, slipway, options } = await threeNetworks(t)
  const peer = await Peer.start(t, options)
  const one = await world.create(slipway, 'one', { network: 'left' })
  const router = await world.create(slipway, 'router', { network: 'left', forwarding: true })
  const due = by(router, 'left', 2048, 'right')
  for (let round = 0; round < 5; round++) {
    for (const [call, after] of [
      ['connect', due],
      ['disconnect', []],
    ] as const) {
      let done = false
      const changing = peer.call(call, router.name, 'right').finally(() => (done = true))
      while (!done) await reopen(options)
      await changing
      t.deepEqual(through(one), after, `${call} ${round}`)
    }
  }
})

test.serial('the routes of an ephemeral router go with it when its process is killed', async (t) => {
  const { world, slipway, options } = await threeNetworks(t)
  const peer = await Peer.start(t, options)
  const name = world.name('router')
  const one = await world.create(slipway, 'one', { network: 'left' })
  await peer.call('create', { name, network: 'left', forwarding: true, ephemeral: true })
  await peer.call('connect', name, 'right')
  t.is(through(one).length, 2)
  await peer.kill()
  t.true(await eventually(() => through(one).length === 0))
})
