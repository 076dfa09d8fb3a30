import test from 'ava'
import { DualStackWorld, HOST, NEIGHBOUR } from '../helpers/dual-stack.js'
import { listenIn, type HostPort } from '../helpers/listen.js'
import { serveBoth } from '../helpers/reach-table.js'
import { elements, isAsBefore, isOfSandbox, settled, snapshot, without } from '../helpers/snapshot.js'
import { reaches, type Row } from '../helpers/traffic.js'

const PUBLISH = ['20000-20999:1000-1999', '30000-30099:3000-3099/udp', `${HOST[4]}:20000:1000/udp`]
/** First, some and last: host port, and the port inside. */
const TCP = [20000, 20500, 20999].map((port) => [port, port - 19000] as const)
const UDP = [30000, 30099].map((port) => [port, port - 27000] as const)

test.serial(
  'a thousand ports of both families on one sandbox: in one transaction, each reached, each counted, none left',
  async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open()
    await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.2.0.0/24' }, { subnet: 'fd00:2::/64' }] })
    const first = await world.create(slipway, 'first', { network: 'web', publish: ['8080:80'] })
    const before = await settled(world)

    const plan = await slipway.sandboxes.explain({ name: world.name('app'), network: 'web', publish: PUBLISH })
    t.is(plan.match(/^nft /gm)?.length, 1)
    const app = await world.create(slipway, 'app', { network: 'web', publish: PUBLISH })
    t.is(app.ports.length, 2201)
    t.is(elements(world.host, 'published4').length, 1101)
    t.is(elements(world.host, 'published6').length, 1101)
    t.is(elements(world.host, 'published_at4').filter(isOfSandbox).length, 1)

    for (const [, inside] of [...TCP, ...UDP]) serveBoth(t, app, inside)
    const on = (ports: typeof TCP): Row[] =>
      ports.flatMap(
        ([port]) =>
          [
            [world.neighbour, `${HOST[4]}:${port}`, NEIGHBOUR[4]],
            [world.neighbour, `[${HOST[6]}]:${port}`, NEIGHBOUR[6]],
            [world.host, `${HOST[4]}:${port}`, HOST[4]],
          ] as const,
      )
    await reaches(t, 'tcp', on(TCP))
    await reaches(t, 'tcp', on(TCP.slice(0, 1)))
    await reaches(t, 'udp', on(UDP))
    await reaches(t, 'udp', [[world.neighbour, `${HOST[4]}:20000`, NEIGHBOUR[4]]])

    const counted = (await app.stats()).ports.filter(({ connections }) => connections > 0)
    t.deepEqual(
      counted
        .map(({ hostIp, hostPort, protocol, connections }) => `${hostIp} ${hostPort}/${protocol}: ${connections}`)
        .sort(),
      [
        '0.0.0.0 20000/tcp: 4',
        '0.0.0.0 20500/tcp: 2',
        '0.0.0.0 20999/tcp: 2',
        '0.0.0.0 30000/udp: 2',
        '0.0.0.0 30099/udp: 2',
        `${HOST[4]} 20000/udp: 1`,
        ':: 20000/tcp: 2',
        ':: 20500/tcp: 1',
        ':: 20999/tcp: 1',
        ':: 30000/udp: 1',
        ':: 30099/udp: 1',
      ],
    )

    const samples: HostPort[] = [
      ['tcp', '0.0.0.0', 20000],
      ['tcp', '::', 20999],
      ['udp', '::', 30099],
      ['udp', HOST[4], 20000],
    ]
    t.deepEqual(
      await listenIn(world.host, ...samples),
      samples.map(() => 'EADDRINUSE'),
    )
    await app.unpublish('20000-20999:1000-1999')
    t.is(app.ports.length, 201)
    await app.publish('20000-20999:1000-1999')
    // Anew, and so is the counting.
    await reaches(t, 'tcp', on(TCP.slice(0, 1)))
    t.is(
      (await app.stats()).ports.find(
        ({ hostIp, hostPort, protocol }) => hostIp === '::' && hostPort === 20000 && protocol === 'tcp',
      )?.connections,
      1,
    )

    await app.remove()
    t.deepEqual(
      await listenIn(world.host, ...samples),
      samples.map(() => 'listens'),
    )
    // The servers of this test still hold their namespace, and their descriptors.
    await isAsBefore(t, world, without(before, 'descriptors'))
    await first.remove()
  },
)

test.serial('their descriptors are closed with them', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.2.0.0/24' }, { subnet: 'fd00:2::/64' }] })
  await world.create(slipway, 'first', { network: 'web', publish: ['8080:80', '8080:80/udp'] })
  const before = await settled(world)
  const app = await world.create(slipway, 'app', { network: 'web', publish: PUBLISH })
  t.notDeepEqual(snapshot(world).descriptors, before.descriptors)
  await app.unpublish(...PUBLISH)
  await app.publish(...PUBLISH)
  await app.remove()
  await isAsBefore(t, world, before)
})
