import test, { type ExecutionContext } from 'ava'
import type { Network, Sandbox, Slipway } from 'slipway'
import type { Plan } from '#lib/plan/operation.js'
import { attempt, failEverywhere } from '../helpers/fail-everywhere.js'
import { having, isRemoval, Refuser } from '../helpers/refuse.js'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { addressesOn, answersTo, linksIn, onSegment } from '../helpers/segment.js'
import { elements, isAsBefore, settled } from '../helpers/snapshot.js'
import { eventually, execIn, type World } from '../helpers/world.js'

/** A call on networks of a segment leaves the host as it was where it fails, whichever of its operations is refused. */

interface Scene {
  world: World
  slipway: Slipway
}

async function setUp(t: ExecutionContext): Promise<Scene> {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  // Forwarding stays on once it is; and so does the socket that asks conntrack.
  const first = await world.create(slipway, 'first', { publish: ['5000:50/udp'] })
  await first.publish('5001:51/udp')
  return { world, slipway }
}

const SHIM = { options: { host_shim: 'true' } }
const isOfShim = (plan: Plan) => plan.some(({ op }) => op === 'file.create') && having('address.add')(plan)
const claims = (world: World): string[] =>
  ['segments4', 'segments6', 'macs'].flatMap((set) => elements(world.host, set).map(({ key }) => key))
/** Its addresses and links are given up behind our back. */
async function nothingIsClaimed(t: ExecutionContext, world: World): Promise<void> {
  t.true(await eventually(() => !claims(world).some((key) => key.startsWith('uplink'))))
}

test.serial('the creation of a network with the host on its segment', async (t) => {
  const { world, slipway } = await setUp(t)
  const before = await settled(world)
  await failEverywhere(
    t,
    isOfShim,
    () => onSegment(slipway, SHIM),
    (what) => isAsBefore(t, world, before, what),
  )
})

test.serial('the removal of a network, which can be called again wherever it failed', async (t) => {
  const { world, slipway } = await setUp(t)
  const before = await settled(world)
  for (const op of ['file.delete', 'link.delete'] as const) {
    const refuser = new Refuser(t)
    for (let index = 0; ; index++) {
      const network: Network = await onSegment(slipway, SHIM)
      const whole = await settled(world)
      // A link that is said to be gone is deleted once more.
      let seen = false
      const first = (plan: Plan) => !seen && (seen = having(op)(plan))
      const { plan, error } = await attempt(refuser, first, index, () => network.remove())
      const what = `operation ${index}, ${plan[index]?.op}`
      if (error !== undefined) {
        await isAsBefore(t, world, whole, what)
        await t.notThrowsAsync(network.remove(), what)
      }
      await isAsBefore(t, world, before, what)
      if (!plan[index]) break
    }
  }
})

for (const [title, options] of [
  ['as the parent has it', {}],
  ['with the host on the segment', SHIM],
] as const) {
  test.serial(`a sandbox: ${title}`, async (t) => {
    const { world, slipway } = await setUp(t)
    await onSegment(slipway, options)
    const before = await settled(world)
    await failEverywhere(
      t,
      having('netns.create'),
      () => world.create(slipway, 'app', { network: 'lan' }),
      (what) => isAsBefore(t, world, before, what),
    )
  })

  test.serial(`the removal of a sandbox: ${title}`, async (t) => {
    const { world, slipway } = await setUp(t)
    await onSegment(slipway, options)
    const before = await settled(world)
    const refuser = new Refuser(t)
    for (let index = 0; ; index++) {
      const app = await world.create(slipway, 'app', { network: 'lan' })
      const whole = await settled(world)
      const { plan, error } = await attempt(refuser, isRemoval, index, () => app.remove())
      const what = `operation ${index}, ${plan[index]?.op}`
      if (error !== undefined) {
        await isAsBefore(t, world, whole, what)
        t.deepEqual(await answersTo(world.neighbour, addressesOn(app)), ['yes', 'yes'], what)
        await t.notThrowsAsync(app.remove(), what)
      }
      await isAsBefore(t, world, before, what)
      if (!plan[index]) break
    }
  })
}

const insideOf = (sandbox: Sandbox): string[] =>
  execIn(sandbox, 'sh', '-ec', 'ip -o address; ip -o route; ip -o -6 route; ip -o link')
    .split('\n')
    .map((line) => line.replace(/ (?:expires|valid_lft) .*| state \w+|<.*?>|^\d+: |@if\d+/g, ''))
    .sort()

for (const gwPriority of [-1, 1]) {
  test.serial(`connect and disconnect beside a bridge network, with the priority ${gwPriority}`, async (t) => {
    const { world, slipway } = await setUp(t)
    await onSegment(slipway, {
      subnets: [
        { subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25', gateway: '192.0.2.9' },
        { subnet: 'fd00:99::/64', ipRange: 'fd00:99::8:0/112', gateway: 'fd00:99::9' },
      ],
      ...SHIM,
    })
    const app = await world.create(slipway, 'app', { publish: ['8080:80', '8081:81/udp'] })
    await app.files()
    const [before, inside] = [await settled(world), insideOf(app)]
    await failEverywhere(
      t,
      having('link.create'),
      () => app.connect('lan', { gwPriority }),
      async (what) => {
        await isAsBefore(t, world, before, what)
        t.deepEqual(insideOf(app), inside, what)
        t.is(app.endpoints.length, 1)
      },
    )
    const refuser = new Refuser(t)
    for (let index = 0; ; index++) {
      const [connected, insideThen] = [await settled(world), insideOf(app)]
      const { plan, error } = await attempt(refuser, having('address.delete'), index, () => app.disconnect('lan'))
      const what = `operation ${index}, ${plan[index]?.op}`
      if (error !== undefined) {
        await isAsBefore(t, world, connected, what)
        t.deepEqual(insideOf(app), insideThen, what)
        t.deepEqual(await answersTo(world.neighbour, addressesOn(app)), ['yes', 'yes'], what)
        await t.notThrowsAsync(app.disconnect('lan'), what)
      }
      // What has gone already is passed over.
      await nothingIsClaimed(t, world)
      t.true(await eventually(() => linksIn(app).length === 1), what)
      t.deepEqual(insideOf(app), inside, what)
      if (!plan[index]) break
      await app.connect('lan', { gwPriority })
    }
  })
}
