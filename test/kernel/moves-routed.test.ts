import { isDeepStrictEqual } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { DualStackWorld, HOST, NEIGHBOUR } from '../helpers/dual-stack.js'
import { addressesOf } from '../helpers/every-kind.js'
import { listenIn } from '../helpers/listen.js'
import { inOtherProcess } from '../helpers/other-process.js'
import { serveBoth } from '../helpers/reach-table.js'
import { elements, snapshot } from '../helpers/snapshot.js'
import { NO_ANSWER, reaches, REFUSED } from '../helpers/traffic.js'
import { eventually } from '../helpers/world.js'

/**
 * Between a network that translates and one whose sandboxes are spoken to at their own addresses: host ports come and
 * go.
 */

async function setUp(t: ExecutionContext) {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  for (const [index, name] of ['web', 'routed'].entries()) {
    const options = Object.fromEntries(
      [4, 6].map((family) => [
        `com.docker.network.bridge.gateway_mode_ipv${family}`,
        name === 'routed' ? 'routed' : 'nat',
      ]),
    )
    await slipway.networks.create({
      name,
      subnets: [{ subnet: `10.${index + 2}.0.0/24` }, { subnet: `fd00:${index + 2}::/64` }],
      options,
    })
  }
  return { world, slipway, before: elementsOf(world) }
}

const elementsOf = (world: DualStackWorld) => snapshot(world).elements

test.serial('to a routed network and back', async (t) => {
  const { world, slipway, before } = await setUp(t)
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80', '8080:80/udp'] })
  serveBoth(t, app, 80)
  const there = () => addressesOf(app, 'routed')
  const reached = (from: string, direct: string) =>
    [
      [world.neighbour, `${HOST[4]}:8080`, from === REFUSED ? from : NEIGHBOUR[4]],
      [world.neighbour, `[${HOST[6]}]:8080`, from === REFUSED ? from : NEIGHBOUR[6]],
      [world.neighbour, `${there()[4]}:80`, direct === NO_ANSWER ? direct : NEIGHBOUR[4]],
      [world.neighbour, `[${there()[6]}]:80`, direct === NO_ANSWER ? direct : NEIGHBOUR[6]],
    ] as const
  await app.connect('routed')
  await reaches(t, 'tcp', reached(REFUSED, 'itself'))
  t.deepEqual(await listenIn(world.host, ['tcp', '0.0.0.0', 8080], ['udp', '::', 8080]), ['listens', 'listens'])
  // The port is free, and another may have it meanwhile.
  const other = await world.create(slipway, 'other', { network: 'web', publish: ['8080:80'] })
  await t.throwsAsync(app.disconnect('routed'), { code: 'PORT_IN_USE', message: new RegExp(other.name) })
  await reaches(t, 'tcp', reached('other', 'itself').slice(2))
  await other.remove()

  await app.disconnect('routed')
  t.deepEqual(elements(world.host, 'open4'), [])
  await reaches(t, 'tcp', [
    [world.neighbour, `${HOST[4]}:8080`, NEIGHBOUR[4]],
    [world.neighbour, `[${HOST[6]}]:8080`, NEIGHBOUR[6]],
  ])
  t.deepEqual(await listenIn(world.host, ['tcp', '0.0.0.0', 8080], ['udp', '::', 8080]), ['EADDRINUSE', 'EADDRINUSE'])

  // Another process moves it: this one, which holds the ports, hears of it.
  await inOtherProcess({ netns: world.host.path, stateDir: world.stateDir }, ['connect', app.name, 'routed'])
  t.deepEqual(await listenIn(world.host, ['tcp', '0.0.0.0', 8080], ['udp', '::', 8080]), ['listens', 'listens'])
  await app.remove()
  await eventually(() => isDeepStrictEqual(elementsOf(world), before))
  t.deepEqual(elementsOf(world), before)
})

test.serial(
  'what was published in a routed network has no port of the host, and rests where it would need one',
  async (t) => {
    const { world, slipway, before } = await setUp(t)
    const app = await world.create(slipway, 'app', { network: 'routed', publish: ['8080:80', '81'] })
    serveBoth(t, app, 80)
    const { 4: v4, 6: v6 } = addressesOf(app)
    const direct = async (outcome: Readonly<Record<4 | 6, string>>) =>
      reaches(t, 'tcp', [
        [world.neighbour, `${v4}:80`, outcome[4]],
        [world.neighbour, `[${v6}]:80`, outcome[6]],
      ])
    const { ports } = app
    await direct(NEIGHBOUR)
    await app.connect('web', { gwPriority: 1 })
    t.deepEqual([app.ports, elements(world.host, 'published4')], [[], []])
    await direct({ 4: NO_ANSWER, 6: NO_ANSWER })
    // It can have other ports there.
    await app.publish('8080:80')
    await reaches(t, 'tcp', [[world.neighbour, `${HOST[4]}:8080`, NEIGHBOUR[4]]])
    await app.unpublish('8080:80')
    await app.disconnect('web')
    t.deepEqual(app.ports, ports)
    await direct(NEIGHBOUR)
    await app.remove()
    await eventually(() => isDeepStrictEqual(elementsOf(world), before))
    t.deepEqual(elementsOf(world), before)
  },
)
