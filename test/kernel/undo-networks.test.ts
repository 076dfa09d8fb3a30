import test, { type ExecutionContext } from 'ava'
import type { CreateNetworkOptions, Network, Sandbox, Slipway } from 'slipway'
import type { Plan } from '#lib/plan/operation.js'
import { attempt, failEverywhere } from '../helpers/fail-everywhere.js'
import { having, isRemoval, Refuser } from '../helpers/refuse.js'
import { isAsBefore, settled } from '../helpers/snapshot.js'
import { eventually, execIn, HOST_ADDRESS, ip, ipJson, World } from '../helpers/world.js'

/**
 * A call on networks of both families, and on the sandboxes that are on several, leaves the host as it was where it
 * fails.
 */

const BOTH = { subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }], ipv6: true }
const ROUTED = {
  'com.docker.network.bridge.gateway_mode_ipv4': 'routed',
  'com.docker.network.bridge.gateway_mode_ipv6': 'routed',
}

interface Scene {
  world: World
  slipway: Slipway
  /** Of both families, on which nobody is. */
  web: Network
}

async function setUp(t: ExecutionContext, options: Partial<CreateNetworkOptions> = {}): Promise<Scene> {
  const world = new World(t)
  const slipway = await world.open()
  // Forwarding stays on once it is; and so does the socket that asks conntrack.
  const first = await world.create(slipway, 'first', { publish: ['5000:50/udp'] })
  await first.publish('5001:51/udp')
  const web = await slipway.networks.create({ name: 'web', ...BOTH, ...options })
  return { world, slipway, web }
}

const isNetwork = (plan: Plan) =>
  plan.some((operation) => operation.op === 'link.create' && operation.kind === 'bridge')

test.serial('a network with all there is', async (t) => {
  const { world, slipway } = await setUp(t)
  const before = await settled(world)
  const full: CreateNetworkOptions = {
    name: 'full',
    subnets: [
      { subnet: '10.8.0.0/24', ipRange: '10.8.0.128/25', auxAddresses: { printer: '10.8.0.200' } },
      { subnet: '10.9.0.0/24' },
      { subnet: 'fd00:8::/64', gateway: 'fd00:8::5' },
    ],
    ipv6: true,
    labels: { of: 'all' },
    options: {
      'com.docker.network.bridge.enable_icc': 'false',
      'com.docker.network.bridge.gateway_mode_ipv4': 'nat-unprotected',
      'com.docker.network.bridge.gateway_mode_ipv6': 'routed',
      'com.docker.network.bridge.trusted_host_interfaces': 'uplink',
      'com.docker.network.driver.mtu': '1400',
      'com.docker.network.host_ipv4': HOST_ADDRESS,
    },
  }
  await failEverywhere(
    t,
    isNetwork,
    () => slipway.networks.create(full),
    (what) => isAsBefore(t, world, before, what),
  )
})

test.serial('an internal network', async (t) => {
  const { world, slipway } = await setUp(t)
  const before = await settled(world)
  await failEverywhere(
    t,
    isNetwork,
    () => slipway.networks.create({ name: 'inner', ipv6: true, internal: true }),
    (what) => isAsBefore(t, world, before, what),
  )
})

// Its record says so first, in a plan of its own.
test.serial('the removal of a network, which can be called again wherever it failed', async (t) => {
  const { world, slipway, web } = await setUp(t)
  // The thread that answers names has begun then, and stays.
  await settled(world)
  await web.remove()
  const before = await settled(world)
  for (const wanted of [having('file.replace'), having('link.delete')]) {
    const refuser = new Refuser(t)
    for (let index = 0; ; index++) {
      const again = await slipway.networks.create({ name: 'web', ...BOTH })
      const whole = await settled(world)
      const { plan, error } = await attempt(refuser, wanted, index, () => again.remove())
      const what = `operation ${index}, ${plan[index]?.op}`
      if (error !== undefined) {
        await isAsBefore(t, world, whole, what)
        await t.notThrowsAsync(again.remove(), what)
      }
      await isAsBefore(t, world, before, what)
      if (!plan[index]) break
    }
  }
})

for (const [title, options, publish] of [
  ['both families', {}, ['80', '81/udp', '127.0.0.1:8080:82', '[::]:8081-8082:83-84/udp']],
  ['an internal network', { internal: true }, []],
  ['separated sandboxes', { options: { 'com.docker.network.bridge.enable_icc': 'false' } }, ['80']],
  ['a routed network', { options: ROUTED }, ['80', '81/udp']],
  [
    'trusted interfaces',
    { options: { 'com.docker.network.bridge.trusted_host_interfaces': 'uplink' } },
    ['80', '8080:80'],
  ],
] as [string, Partial<CreateNetworkOptions>, string[]][]) {
  test.serial(`a sandbox: ${title}`, async (t) => {
    const { world, slipway } = await setUp(t, options)
    const before = await settled(world)
    await failEverywhere(
      t,
      having('netns.create'),
      () => world.create(slipway, 'app', { network: 'web', publish }),
      (what) => isAsBefore(t, world, before, what),
    )
  })
}

const ALLOWED = {
  protocol: 'tcp',
  containerPort: 80,
  hostPort: 8080,
  allow: ['192.0.2.0/24', '198.51.100.7', 'fd00:99::/64'],
} as const
const WHOLE = { protocol: 'all', containerPort: 0, hostPort: 0, hostIp: '192.0.2.2' } as const

test.serial('publish and unpublish: both families, lists of who may come in, a whole address', async (t) => {
  const { world, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app', { network: 'web' })
  const publish = [ALLOWED, WHOLE, '8081-8082:81-82/udp', `${HOST_ADDRESS}:8083:83`]
  const before = await settled(world)
  await failEverywhere(
    t,
    having('port.hold'),
    () => app.publish(...publish),
    (what) => isAsBefore(t, world, before, what),
  )
  const published = await settled(world)
  await failEverywhere(
    t,
    having('port.release'),
    () => app.unpublish(...publish),
    (what) => isAsBefore(t, world, published, what),
  )
  await isAsBefore(t, world, before)
})

test.serial('publish and unpublish in a routed network', async (t) => {
  const { world, slipway } = await setUp(t, { options: ROUTED })
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['79'] })
  const before = await settled(world)
  await failEverywhere(
    t,
    having('file.replace'),
    () => app.publish('80', '81/udp'),
    (what) => isAsBefore(t, world, before, what),
  )
  const published = await settled(world)
  await failEverywhere(
    t,
    having('file.replace'),
    () => app.unpublish('80', '81/udp'),
    (what) => isAsBefore(t, world, published, what),
  )
  await isAsBefore(t, world, before)
})

const insideOf = (sandbox: Sandbox): string[] =>
  execIn(sandbox, 'sh', '-ec', 'ip -o address; ip -o route; ip -o -6 route; ip -o link')
    .split('\n')
    .map((line) => line.replace(/ (?:expires|valid_lft) .*| state \w+|<.*?>/g, ''))
    .sort()

/** A host with a sandbox, as `ip` and `nft` see both, come to rest. */
const inAndOut = async (world: World, sandbox: Sandbox) => ({ ...(await settled(world)), inside: insideOf(sandbox) })

async function isAsBeforeInside(
  t: ExecutionContext,
  world: World,
  sandbox: Sandbox,
  before: Omit<Awaited<ReturnType<typeof inAndOut>>, 'descriptors'>,
  what: string,
): Promise<void> {
  const { inside, ...host } = before
  await isAsBefore(t, world, host, what)
  t.deepEqual(insideOf(sandbox), inside, what)
}

for (const [title, options] of [
  ['gateway and ports move', { gwPriority: 1 }],
  ['gateway and ports stay', { gwPriority: -1 }],
  [
    'addresses of its own',
    { gwPriority: 1, ip: '10.7.0.77', ip6: 'fd00:7::77', mac: '02:42:00:00:00:77', aliases: ['api'] },
  ],
] as const) {
  test.serial(`connect and disconnect: ${title}`, async (t) => {
    const { world, slipway } = await setUp(t)
    await slipway.networks.create({
      name: 'other',
      ipv6: true,
      subnets: [{ subnet: '10.6.0.0/24' }, { subnet: 'fd00:6::/64' }],
    })
    const app = await world.create(slipway, 'app', {
      network: 'other',
      publish: ['8080:80', '8081:81/udp', WHOLE, { ...ALLOWED, hostPort: 8082 }],
    })
    await app.files()
    const before = await inAndOut(world, app)
    await failEverywhere(
      t,
      having('link.create'),
      () => app.connect('web', options),
      async (what) => {
        await isAsBeforeInside(t, world, app, before, what)
        t.is(app.endpoints.length, 1)
      },
    )
    const connected = await inAndOut(world, app)
    await failEverywhere(
      t,
      having('address.delete'),
      () => app.disconnect('web'),
      async (what) => {
        await isAsBeforeInside(t, world, app, connected, what)
        t.is(app.endpoints.length, 2)
      },
    )
    await isAsBeforeInside(t, world, app, before, 'connected and disconnected')
  })
}

test.serial('the last network of a sandbox, and its first again', async (t) => {
  const { world, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80', '8081:81/udp'] })
  const connected = await inAndOut(world, app)
  await failEverywhere(
    t,
    having('address.delete'),
    () => app.disconnect('web'),
    (what) => isAsBeforeInside(t, world, app, connected, what),
  )
  // The link goes behind our back, and so does the thread that takes it away, with its descriptors; the addresses are
  // given up then.
  t.true(await eventually(() => ipJson(app, 'link').length === 1))
  t.true(
    await eventually(() =>
      ['addresses4', 'addresses6'].every(
        (set) => !execIn(world.host, 'nft', 'list', 'set', 'inet', 'slipway', set).includes(`"${app.name} (`),
      ),
    ),
  )
  const { descriptors: _, ...alone } = await inAndOut(world, app)
  await failEverywhere(
    t,
    having('link.create'),
    () => app.connect('web'),
    (what) => isAsBeforeInside(t, world, app, alone, what),
  )
  t.is(app.ports.length, 4)
})

test.serial('join, and the removal of who has joined', async (t) => {
  const { world, slipway } = await setUp(t)
  const owner = await world.create(slipway, 'owner', { network: 'web' })
  const before = await settled(world)
  const join = () => world.create(slipway, 'side', { network: `container:${owner.name}` })
  await failEverywhere(t, having('netns.bind'), join, (what) => isAsBefore(t, world, before, what))
  await (await slipway.sandboxes.get(world.name('side'))).remove()
  await isAsBefore(t, world, before)

  const refuser = new Refuser(t)
  for (let index = 0; ; index++) {
    const side = await join()
    const whole = await settled(world)
    const { plan, error } = await attempt(refuser, isRemoval, index, () => side.remove())
    const what = `operation ${index}, ${plan[index]?.op}`
    if (error !== undefined) {
      await isAsBefore(t, world, whole, what)
      await t.notThrowsAsync(side.remove(), what)
    }
    await isAsBefore(t, world, before, what)
    if (!plan[index]) break
  }
})

test.serial('a namespace of somebody else', async (t) => {
  const { world, slipway } = await setUp(t)
  ip('netns', 'add', world.name('theirs'))
  const place = { name: world.name('theirs'), path: `/run/netns/${world.name('theirs')}` }
  ip('-n', place.name, 'link', 'add', 'mine', 'type', 'veth', 'peer', 'name', 'yours')
  const before = await settled(world)
  const inside = () =>
    execIn(place, 'ip', '-o', 'address')
      .split('\n')
      .map((line) => line.replace(/ (?:expires|valid_lft) .*/, ''))
  const own = inside()
  const create = () => world.create(slipway, 'app', { netns: place.path, network: 'web', publish: ['8080:80'] })
  await failEverywhere(t, having('link.create'), create, async (what) => {
    await isAsBefore(t, world, before, what)
    t.deepEqual(inside(), own, what)
  })
  const app = await slipway.sandboxes.get(world.name('app'))
  const whole = await settled(world)
  await failEverywhere(
    t,
    isRemoval,
    () => app.remove(),
    (what) => isAsBefore(t, world, whole, what),
  )
  await isAsBefore(t, world, before)
  t.deepEqual(inside(), own)
})
