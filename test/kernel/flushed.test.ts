import { isDeepStrictEqual } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import type { Plan } from '#lib/plan/operation.js'
import type { Sandbox, Slipway } from 'slipway'
import { elements, isAsBefore, snapshot } from '../helpers/snapshot.js'
import { momentsOf } from '../helpers/thorough.js'
import { fetchFrom, serveTcp } from '../helpers/traffic.js'
import { eventually, execIn, HOST_ADDRESS, ipJson, World } from '../helpers/world.js'

/**
 * Somebody takes away what was made: the ruleset, a table of it, a bridge. The next call, or the next open(), gives it
 * back.
 */

interface Scene {
  world: World
  slipway: Slipway
  /** On the network `bridge`, on a network of both families, and on both. */
  one: Sandbox
  two: Sandbox
  both: Sandbox
  bridge: string
}

async function setUp(t: ExecutionContext): Promise<Scene> {
  const world = new World(t)
  const slipway = await world.open({ icc: false })
  const web = await slipway.networks.create({
    name: 'web',
    subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }],
    ipv6: true,
  })
  const one = await world.create(slipway, 'one', { publish: ['8080:80'] })
  const two = await world.create(slipway, 'two', { network: 'web', publish: ['8081:80'] })
  const both = await world.create(slipway, 'both', {
    network: 'web',
    publish: ['8082:80', { protocol: 'tcp', containerPort: 81, hostPort: 8083, allow: ['192.0.2.0/24'] }],
  })
  await both.connect('bridge')
  for (const sandbox of [one, two, both]) serveTcp(t, sandbox, 80)
  return { world, slipway, one, two, both, bridge: web.bridge ?? '' }
}

async function works(t: ExecutionContext, { world, two, both }: Scene): Promise<void> {
  for (const port of [8080, 8081, 8082])
    t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:${port}/`), '192.0.2.9', `port ${port}`)
  const [, address6 = ''] = two.endpoints[0]?.addresses ?? []
  t.is(await fetchFrom(both, `http://[${address6.split('/')[0]}]/`), 'fd00:7::3')
}

/** A link's number tells that it was made anew. */
function likeBefore(world: World) {
  const { links: _, routes, descriptors: __, ...rest } = snapshot(world)
  const masters = ipJson<{ ifname: string; master?: string; flags: string[] }>(world.host, 'link').map(
    ({ ifname, master, flags }) => `${ifname} ${master ?? ''} ${flags.includes('UP')}`,
  )
  return {
    ...rest,
    routes: routes.sort(),
    addresses: rest.addresses.sort(),
    links: masters.sort(),
    elements: rest.elements.sort(),
    ruleset: rest.ruleset.sort(),
  }
}

/** Routes of IPv6 come when the kernel has felt that a bridge carries. */
async function isLikeBefore(t: ExecutionContext, world: World, before: ReturnType<typeof likeBefore>): Promise<void> {
  await eventually(() => JSON.stringify(likeBefore(world)) === JSON.stringify(before))
  t.deepEqual(likeBefore(world), before)
}

const ways: Record<string, (scene: Scene) => unknown> = {
  'nft flush ruleset': ({ world }) => execIn(world.host, 'nft', 'flush', 'ruleset'),
  'nft delete table inet slipway': ({ world }) => execIn(world.host, 'nft', 'delete', 'table', 'inet', 'slipway'),
  'nft delete table bridge slipway': ({ world }) => execIn(world.host, 'nft', 'delete', 'table', 'bridge', 'slipway'),
  'ip link delete docker0': ({ world }) => execIn(world.host, 'ip', 'link', 'delete', 'docker0'),
  'ip link delete of the bridge of a network': ({ world, bridge }) =>
    execIn(world.host, 'ip', 'link', 'delete', bridge),
  'ip link delete of both bridges, and nft flush ruleset': ({ world, bridge }) => {
    for (const name of ['docker0', bridge]) execIn(world.host, 'ip', 'link', 'delete', name)
    execIn(world.host, 'nft', 'flush', 'ruleset')
  },
}

const { first, step } = momentsOf(4)
for (const [title, take] of Object.entries(ways).filter((_, index) => index % step === first % step)) {
  test.serial(`${title}: the next open() gives it back`, async (t) => {
    const scene = await setUp(t)
    const { world } = scene
    const before = likeBefore(world)
    take(scene)
    const { reconciled } = await world.open()
    t.deepEqual(reconciled.collected, [])
    t.true(reconciled.healed.length > 0)
    await isLikeBefore(t, world, before)
    await works(t, scene)
  })

  test.serial(`${title}: the next calls give it back`, async (t) => {
    const scene = await setUp(t)
    const { world, slipway, one } = scene
    const before = likeBefore(world)
    take(scene)
    const more = [
      await world.create(slipway, 'more'),
      await world.create(slipway, 'more6', { network: 'web', publish: ['8090:80'] }),
    ]
    await works(t, scene)
    for (const sandbox of more) await sandbox.remove()
    await one.publish('9000:80')
    await one.unpublish('9000:80')
    await slipway.close({ wait: true })
    await isLikeBefore(t, world, before)
  })

  test.serial(`${title}: all can be removed, and nothing is left`, async (t) => {
    const world = new World(t)
    const empty = snapshot(world)
    const slipway = await world.open()
    const web = await slipway.networks.create({
      name: 'web',
      subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }],
      ipv6: true,
    })
    const one = await world.create(slipway, 'one', { publish: ['8080:80'] })
    const both = await world.create(slipway, 'both', { network: 'web', publish: ['8082:80'] })
    await both.connect('bridge')
    take({ world, slipway, one, two: one, both, bridge: web.bridge ?? '' })
    await both.disconnect('web')
    await one.remove()
    await both.remove()
    await web.remove()
    await slipway.close({ wait: true })
    const { namespaces, files } = snapshot(world)
    t.deepEqual({ namespaces, files }, { namespaces: empty.namespaces, files: empty.files })
    const owned = () =>
      ['addresses4', 'addresses6', 'published4', 'published6', 'same_network6'].flatMap((set) =>
        elements(world.host, set),
      )
    const { reconciled } = await world.open()
    t.deepEqual(reconciled, { adopted: [], healed: [], collected: [] })
    await world.create(await world.open(), 'again')
    t.is(owned().length, 1)
  })
}

/** Rules go, and the sets stand. */
const partly = {
  'nft flush table inet slipway': ['flush table inet slipway'],
  'nft flush table bridge slipway': ['flush table bridge slipway'],
  'nft delete chain inet slipway forward': ['flush chain inet slipway forward', 'delete chain inet slipway forward'],
  'nft delete chain bridge slipway ports': ['flush chain bridge slipway ports', 'delete chain bridge slipway ports'],
  'nft flush chain inet slipway publish': ['flush chain inet slipway publish'],
  'nft delete set inet slipway icc': ['flush table inet slipway', 'delete set inet slipway icc'],
}

/** Each leaves the constant rules as they were. */
const calls: Record<string, (scene: Scene) => Promise<unknown>> = {
  'open()': async ({ world }) => {
    const { reconciled } = await world.open()
    return [...reconciled.adopted, ...reconciled.collected]
  },
  'networks.create()': async ({ slipway }) => {
    await slipway.networks.create({ name: 'more' })
  },
  'a create': async ({ world, slipway }) => {
    await world.create(slipway, 'more')
  },
  'creates at once': async ({ world, slipway }) => {
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => world.create(slipway, name)))
  },
  'publish()': ({ one }) => one.publish('9000:80').then(() => undefined),
  'connect()': ({ one }) => one.connect('web').then(() => undefined),
  'disconnect()': ({ both }) => both.disconnect('bridge'),
  'a remove': async ({ world, slipway }) => {
    await (await slipway.sandboxes.get(world.name('spare'))).remove()
  },
}

for (const [title, commands] of Object.entries(partly)) {
  test.serial(`${title}: whichever call comes next gives it back`, async (t) => {
    const scene = await setUp(t)
    const { world, slipway } = scene
    await world.create(slipway, 'spare')
    const before = snapshot(world).ruleset.sort()
    for (const [call, make] of Object.entries(calls)) {
      for (const command of commands) execIn(world.host, 'nft', ...command.split(' '))
      t.deepEqual((await make(scene)) ?? [], [], call)
      // The address of what was removed is free a moment later.
      await eventually(() => isDeepStrictEqual(snapshot(world).ruleset.sort(), before))
      t.deepEqual(snapshot(world).ruleset.sort(), before, call)
    }
    await works(t, scene)
  })
}

for (const title of ['nft flush ruleset', 'nft delete table inet slipway', 'nft delete table bridge slipway']) {
  test.serial(`${title}: the removal of a network gives it back, too`, async (t) => {
    const scene = await setUp(t)
    const { world, slipway } = scene
    const before = likeBefore(world)
    const more = await slipway.networks.create({ name: 'more' })
    ways[title]?.(scene)
    await more.remove()
    await isLikeBefore(t, world, before)
    await works(t, scene)
  })
}

test.serial('rules of an administrator in the chain "user" stay when those of ours are written again', async (t) => {
  const { world } = await setUp(t)
  execIn(world.host, 'nft', 'add', 'rule', 'inet', 'slipway', 'user', 'counter', 'comment', '"mine"')
  execIn(world.host, 'nft', 'flush', 'chain', 'inet', 'slipway', 'forward')
  await world.open()
  t.regex(execIn(world.host, 'nft', 'list', 'chain', 'inet', 'slipway', 'user'), /comment "mine"/)
})

test.serial("an administrator's rules that jump to chains of ours stay, and ours are written again", async (t) => {
  const scene = await setUp(t)
  const { world, slipway } = scene
  const chains = (
    execIn(world.host, 'nft', '-a', 'list', 'table', 'inet', 'slipway').match(/chain \S+ \{[^\n]*\n(?!\t\ttype)/g) ?? []
  )
    .map((line) => line.split(' ')[1] ?? '')
    .filter((chain) => chain !== 'user')
  t.true(chains.length > 1)
  const mine = [
    'add chain inet slipway mine',
    ...chains.map((chain) => `add rule inet slipway mine jump ${chain}`),
  ].join('; ')
  const before = snapshot(world).ruleset.sort()
  for (const [call, make] of Object.entries({
    'open()': () => world.open(),
    'a create': async () => (await world.create(slipway, 'more')).remove(),
  })) {
    execIn(world.host, 'nft', 'flush table inet slipway')
    execIn(world.host, 'nft', mine)
    await make()
    const listed = execIn(world.host, 'nft', 'list', 'chain', 'inet', 'slipway', 'mine')
    t.deepEqual(
      chains.filter((chain) => !listed.includes(`jump ${chain}`)),
      [],
      call,
    )
    execIn(world.host, 'nft', 'flush chain inet slipway mine; delete chain inet slipway mine')
    // The address of what was removed is free a moment later.
    await eventually(() => isDeepStrictEqual(snapshot(world).ruleset.sort(), before))
    t.deepEqual(snapshot(world).ruleset.sort(), before, call)
  }
  await works(t, scene)
})

for (const [title, who] of Object.entries({
  'the process that made them': false,
  'a process that has adopted them': true,
})) {
  test.serial(
    `a network that ${title} creates first: every sandbox has its claims back before anything new is claimed`,
    async (t) => {
      const scene = await setUp(t)
      const { world, one } = scene
      const slipway = who ? await world.open() : scene.slipway
      const before = elements(world.host, 'addresses4')
      execIn(world.host, 'nft', 'flush', 'ruleset')
      await slipway.networks.create({ name: 'more' })
      t.deepEqual(elements(world.host, 'addresses4').sort(), before.sort())
      const ip = one.endpoints[0]?.addresses[0]?.split('/')[0] ?? ''
      await t.throwsAsync(world.create(slipway, 'twin', { ip }), { code: 'ADDRESS_IN_USE' })
      await t.throwsAsync(world.create(slipway, 'twin', { publish: ['8080:80'] }), { code: 'PORT_IN_USE' })
      await works(t, scene)
      t.deepEqual((await world.open()).reconciled.collected, [])
    },
  )
}

const CLAIMS = ['addresses4', 'published4', 'subnets4']

const claiming: Record<string, (scene: Scene) => Promise<unknown>> = {
  'a create': ({ world, slipway }) => world.create(slipway, 'more'),
  'a create on a network that is new to the process': async ({ world }) =>
    world.create(await world.open({ icc: false }), 'more6', { network: 'web' }),
  'networks.create()': ({ slipway }) => slipway.networks.create({ name: 'more' }),
  'publish()': ({ one }) => one.publish('9000:80'),
  'connect()': ({ one }) => one.connect('web'),
}

test.serial(
  'an administrator who flushes the ruleset right before each of three attempts: the fourth is done',
  async (t) => {
    const scene = await setUp(t)
    const { run } = Host.prototype
    t.teardown(() => void (Host.prototype.run = run))
    let flushes = 0
    Host.prototype.run = function (this: Host, plan: Plan, options?: RunOptions) {
      const claims =
        plan.some((operation) => operation.op === 'element.add' && CLAIMS.includes(operation.set)) &&
        !plan.some(({ op }) => op === 'table.add')
      if (claims && flushes-- > 0) execIn(scene.world.host, 'nft', 'flush', 'ruleset')
      return run.call(this, plan, options)
    }
    for (const [call, make] of Object.entries(claiming)) {
      flushes = 3
      await t.notThrowsAsync(make(scene), call)
    }
    t.true(flushes <= 0)
    await works(t, scene)
  },
)

test.serial(
  'a network whose bridge somebody has deleted, and made one of his own: it is left alone, and the call says so',
  async (t) => {
    const { world, bridge } = await setUp(t)
    execIn(world.host, 'ip', 'link', 'delete', bridge)
    execIn(world.host, 'ip', 'link', 'add', bridge, 'type', 'bridge')
    const before = snapshot(world)
    const other = await world.open()
    await t.throwsAsync(world.create(other, 'more', { network: 'web' }), {
      code: 'CONFLICT',
      message: /not the bridge of the network web/,
    })
    await isAsBefore(t, world, {
      links: before.links,
      addresses: before.addresses,
      files: before.files,
      elements: before.elements,
    })
  },
)
