import { execFileSync } from 'node:child_process'
import test, { type ExecutionContext } from 'ava'
import { SlipwayError, type Sandbox, type Slipway } from '#lib/index.js'
import type { Plan } from '#lib/plan/operation.js'
import { attempt, failEverywhere } from '../helpers/fail-everywhere.js'
import { fillBridge } from '../helpers/fill-bridge.js'
import { having, isRemoval, Refuser } from '../helpers/refuse.js'
import { isAsBefore, settled, snapshot } from '../helpers/snapshot.js'
import { openUdp, serveTcp } from '../helpers/traffic.js'
import { execIn, ip, setSysctl, World } from '../helpers/world.js'

/** A call that fails leaves the host as it was, wherever it fails. */

interface Scene {
  world: World
  slipway: Slipway
  /** A sandbox that was there before. */
  stays: Sandbox
  /** Ports and addresses are so few that a leaked one would soon be missed. */
}

async function setUp(t: ExecutionContext): Promise<Scene> {
  const world = new World(t)
  setSysctl(world.host, 'net.ipv4.ip_local_port_range', '40000 40003')
  const slipway = await world.open({ bip: '172.17.0.1/16', fixedCidr: '172.17.0.0/29' })
  const stays = await world.create(slipway, 'stays', { publish: ['5000:50/udp'] })
  await stays.publish('5001:51/udp')
  return { world, slipway, stays }
}

test.serial('the ruleset', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const before = await settled(world)
  await failEverywhere(
    t,
    having('table.add'),
    () => world.create(slipway, 'app'),
    (what) => isAsBefore(t, world, before, what),
  )
})

test.serial('the network', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const isNetwork = (plan: Plan) =>
    plan.some((operation) => operation.op === 'link.create' && operation.kind === 'bridge')
  const refuser = new Refuser(t)
  // The ruleset stays, with no element in it.
  await refuser.during(isNetwork, 0, () => t.throwsAsync(world.create(slipway, 'app')))
  const before = await settled(world)
  await failEverywhere(
    t,
    isNetwork,
    () => world.create(slipway, 'app'),
    (what) => isAsBefore(t, world, before, what),
  )
})

test.serial('a sandbox', async (t) => {
  const { world, slipway } = await setUp(t)
  const before = await settled(world)
  await failEverywhere(
    t,
    having('netns.create'),
    () => world.create(slipway, 'app', { publish: ['80', '81/udp', '127.0.0.1:8080:82', '8081-8083:83-85/udp'] }),
    (what) => isAsBefore(t, world, before, what),
  )
})

test.serial('network none', async (t) => {
  const { world, slipway } = await setUp(t)
  const before = await settled(world)
  await failEverywhere(
    t,
    having('netns.create'),
    () => world.create(slipway, 'app', { network: 'none' }),
    (what) => isAsBefore(t, world, before, what),
  )
})

test.serial('publish and unpublish by this thread itself', async (t) => {
  const { world, stays } = await setUp(t)
  const before = await settled(world)
  const publish = ['80', '127.0.0.1:8080:82']
  await failEverywhere(
    t,
    having('port.hold'),
    () => stays.publish(...publish),
    (what) => isAsBefore(t, world, before, what),
  )
  const published = await settled(world)
  await failEverywhere(
    t,
    having('port.release'),
    () => stays.unpublish(...publish),
    (what) => isAsBefore(t, world, published, what),
  )
  await isAsBefore(t, world, before)
})

test.serial('publish', async (t) => {
  const { world, stays } = await setUp(t)
  const before = await settled(world)
  const ports = stays.ports
  await failEverywhere(
    t,
    having('file.replace'),
    () => stays.publish('80', '81/udp', '127.0.0.1:8080:82'),
    async (what) => {
      await isAsBefore(t, world, before, what)
      t.deepEqual(stays.ports, ports)
    },
  )
  t.is(stays.ports.length, 5)
})

test.serial('unpublish', async (t) => {
  const { world, stays } = await setUp(t)
  const before = await settled(world)
  const publish = ['8080:80', '8081:81/udp', '127.0.0.1:8082:82']
  await stays.publish(...publish)
  const published = await settled(world)
  await failEverywhere(
    t,
    having('file.replace'),
    () => stays.unpublish(...publish),
    (what) => isAsBefore(t, world, published, what),
  )
  await isAsBefore(t, world, before)
})

test.serial('remove, which can be called again wherever it failed', async (t) => {
  const { world, slipway } = await setUp(t)
  const before = await settled(world)
  const options = { ip: '172.17.0.5', publish: ['8080:80', '8081:81/udp', '127.0.0.1:8082:82'] }
  const refuser = new Refuser(t)
  for (let index = 0; ; index++) {
    const app = await world.create(slipway, 'app', options)
    const whole = await settled(world)
    const { plan, error } = await attempt(refuser, isRemoval, index, () => app.remove())
    const what = `operation ${index}, ${plan[index]?.op}`
    if (error !== undefined) {
      t.true(error instanceof SlipwayError, `${what}: ${String(error)}`)
      t.deepEqual((error as SlipwayError).notUndone, [], what)
      await isAsBefore(t, world, whole, what)
      await t.notThrowsAsync(app.remove(), what)
    }
    await isAsBefore(t, world, before, what)
    if (!plan[index]) break
  }
})

test.serial('what somebody else has taken away is not missed', async (t) => {
  const { world, slipway, stays } = await setUp(t)
  const before = await settled(world)
  const app = await world.create(slipway, 'app', { publish: ['8080:80', '8081:81/udp'] })
  await stays.publish('8082:82', '8083:83/udp')
  for (const key of ['tcp . 8080', 'tcp . 8082', 'udp . 8083'])
    execIn(world.host, 'nft', `delete element inet slipway published4 { ${key} }`)
  await stays.unpublish('8082:82', '8083:83/udp')
  await app.remove()
  await isAsBefore(t, world, before)
})

/** What a kernel refuses by itself. */
const refusals: Record<
  string,
  { code: string; prepare?: (scene: Scene, t: ExecutionContext) => unknown; call: (scene: Scene) => Promise<unknown> }
> = {
  'a name that a sandbox has': {
    code: 'CONFLICT',
    call: ({ world, slipway }) => world.create(slipway, 'stays', { publish: ['8080:80'] }),
  },
  'a namespace of that name': {
    code: 'CONFLICT',
    prepare: ({ world }) => ip('netns', 'add', world.name('app')),
    call: ({ world, slipway }) => world.create(slipway, 'app', { publish: ['8080:80'] }),
  },
  'a port that another sandbox has': {
    code: 'PORT_IN_USE',
    call: ({ world, slipway }) => world.create(slipway, 'app', { publish: ['8080:80', '5000:80/udp'] }),
  },
  'a port that a sandbox of another process has': {
    code: 'PORT_IN_USE',
    prepare: ({ world }) =>
      execIn(
        world.host,
        'nft',
        'add element inet slipway published4 { tcp . 8081 comment "x (0123456789ab)" : 172.17.0.9 . 80 }',
      ),
    call: ({ world, slipway }) => world.create(slipway, 'app', { publish: ['8080:80', '8081:80'] }),
  },
  'a port that a process of the host listens on, tcp': {
    code: 'PORT_IN_USE',
    prepare: ({ world }, t) => serveTcp(t, world.host, 8081),
    call: ({ world, slipway }) => world.create(slipway, 'app', { publish: ['8080:80', '8081:80'] }),
  },
  'a port that a process of the host listens on, udp': {
    code: 'PORT_IN_USE',
    prepare: ({ world }, t) => openUdp(t, world.host, 8081),
    call: ({ stays }) => stays.publish('8080:80', '8081:80/udp'),
  },
  'a port of an address that the host has not': {
    code: 'INVALID_ARGUMENT',
    call: ({ stays }) => stays.publish('8080:80', '203.0.113.1:8081:80'),
  },
  'an address that another sandbox has': {
    code: 'ADDRESS_IN_USE',
    call: ({ world, slipway }) => world.create(slipway, 'app', { ip: '172.17.0.2', publish: ['8080:80'] }),
  },
  'an address that a sandbox of another process has': {
    code: 'ADDRESS_IN_USE',
    prepare: ({ world }) =>
      execIn(world.host, 'nft', 'add element inet slipway addresses4 { 172.17.0.5 comment "x (0123456789ab)" }'),
    call: ({ world, slipway }) => world.create(slipway, 'app', { ip: '172.17.0.5', publish: ['8080:80'] }),
  },
  'a bridge that is full, of a network that has no other': {
    code: 'EXHAUSTED',
    prepare: async ({ world, slipway }) => {
      const options = {
        'com.docker.network.bridge.name': 'isle0',
        'com.docker.network.bridge.gateway_mode_ipv4': 'isolated',
      }
      await slipway.networks.create({ name: 'isle', internal: true, options })
      fillBridge(world, 'isle0')
    },
    call: ({ world, slipway }) => world.create(slipway, 'app', { network: 'isle' }),
  },
  'a record that cannot be written': {
    code: 'KERNEL',
    prepare: ({ world }, t) => makeReadOnly(t, world),
    call: ({ world, slipway }) => world.create(slipway, 'app', { publish: ['8080:80'] }),
  },
}

for (const [title, { code, prepare, call }] of Object.entries(refusals)) {
  test.serial(`refused: ${title}`, async (t) => {
    const scene = await setUp(t)
    await prepare?.(scene, t)
    const before = snapshot(scene.world)
    const error = await t.throwsAsync(call(scene), { instanceOf: SlipwayError, code })
    t.deepEqual(error.notUndone ?? [], [])
    await isAsBefore(t, scene.world, before)
  })
}

function makeReadOnly(t: ExecutionContext, { stateDir }: World): void {
  execFileSync('mount', ['--bind', stateDir, stateDir])
  t.teardown(() => execFileSync('umount', [stateDir]))
  execFileSync('mount', ['-o', 'remount,ro,bind', stateDir])
}
