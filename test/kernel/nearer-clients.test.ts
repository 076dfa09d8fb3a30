import test from 'ava'
import type { Sandbox } from 'slipway'
import { askedOn } from '../helpers/asked-on.js'
import { DualStackWorld, HOST, NEIGHBOUR, OTHER_HOST } from '../helpers/dual-stack.js'
import { addressesOf } from '../helpers/every-kind.js'
import { holds, serveBoth, type Cast } from '../helpers/reach-table.js'
import { elements } from '../helpers/snapshot.js'
import { SEGMENT } from '../helpers/segment.js'
import { execIn, type Place } from '../helpers/world.js'

/**
 * Published ports, asked by clients that have a particular way to the sandbox or to the host: on a network that the
 * sandbox is on, too, and by an address that means something on one link only.
 */

const NETWORKS = { front: 1, web: 2, other: 3 } as const
const subnets = (network: keyof typeof NETWORKS) => [
  { subnet: `10.${NETWORKS[network]}.0.0/24` },
  { subnet: `fd00:${NETWORKS[network]}::/64` },
]
const gatewayOf = (network: keyof typeof NETWORKS) =>
  ({ 4: `10.${NETWORKS[network]}.0.1`, 6: `fd00:${NETWORKS[network]}::1` }) as const
const PORTS = ['8080:80/tcp', '8080:80/udp']

test.serial(
  'a published port answers clients of every network of its sandbox from the address that they asked',
  async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open({ portsPerBridge: 2 })
    for (const name of Object.keys(NETWORKS) as (keyof typeof NETWORKS)[])
      await slipway.networks.create({ name, ipv6: true, subnets: subnets(name) })
    const app = await world.create(slipway, 'app', { network: 'front', publish: PORTS })
    const client = await world.create(slipway, 'client', { network: 'web' })
    // On a further bridge of the same network.
    await world.create(slipway, 'filler', { network: 'web' })
    const farther = await world.create(slipway, 'farther', { network: 'web' })
    const stranger = await world.create(slipway, 'stranger', { network: 'other' })
    const cast: Cast = {
      host: { place: world.host, at: HOST },
      'other host': { place: world.host, at: OTHER_HOST },
      neighbour: { place: world.neighbour, at: NEIGHBOUR },
      'front gateway': { place: world.host, at: gatewayOf('front') },
      'web gateway': { place: world.host, at: gatewayOf('web') },
    }
    for (const [name, place] of Object.entries({ client, farther, stranger }))
      cast[name] = { place, at: addressesOf(place) }
    serveBoth(t, app, 80)
    const alone = `
      from       host:8080  other host:8080
      neighbour  neighbour  neighbour
      client     client     client
      farther    farther    farther
      stranger   stranger   stranger`
    await holds(t, cast, alone)

    await app.connect('web', { gwPriority: -1 })
    await holds(
      t,
      cast,
      `
      from       host:8080      other host:8080
      neighbour  neighbour      neighbour
      client     front gateway  front gateway
      farther    front gateway  front gateway
      stranger   stranger       stranger`,
    )

    // The ports lead to the other endpoint, and its clients are the near ones of that.
    await app.disconnect('web')
    await app.connect('web', { gwPriority: 1 })
    await app.connect('other')
    t.deepEqual(
      elements(world.host, 'nearer4').map(({ key }) => key),
      ['10.1.0.0/24 . 10.2.0.4', '10.3.0.0/24 . 10.2.0.4'].map((key) =>
        key.replace('10.2.0.4', addressesOf(app, 'web')[4]),
      ),
    )
    await holds(
      t,
      cast,
      `
      from       host:8080    other host:8080
      neighbour  neighbour    neighbour
      stranger   web gateway  web gateway`,
    )
    const left = () => [4, 6].flatMap((family) => elements(world.host, `nearer${family}`).length)
    await app.unpublish('8080:80/udp')
    t.deepEqual(left(), [2, 2], 'while it has another port')
    await app.unpublish('8080:80/tcp')
    t.deepEqual(left(), [0, 0], 'without ports')
    await app.publish('8080:80')
    t.deepEqual(left(), [2, 2], 'with ports again')
    await app.disconnect('other')
    t.deepEqual(left(), [1, 1])
    await app.remove()
    t.deepEqual(left(), [0, 0], 'removed')
  },
)

test.serial('a published port answers machines and sandboxes on a segment that its sandbox is on, too', async (t) => {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'front', ipv6: true, subnets: subnets('front') })
  await slipway.networks.create({ name: 'lan', ...SEGMENT })
  const app = await world.create(slipway, 'app', { network: 'front', publish: PORTS })
  serveBoth(t, app, 80)
  await app.connect('lan', { gwPriority: -1 })
  await holds(
    t,
    {
      host: { place: world.host, at: HOST },
      neighbour: { place: world.neighbour, at: NEIGHBOUR },
      'front gateway': { place: world.host, at: gatewayOf('front') },
    },
    `
    from       host:8080
    host       front gateway
    neighbour  front gateway`,
  )
})

test.serial('what is deleted of it comes back with the next open(), and what is stale goes', async (t) => {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open()
  for (const name of ['front', 'web'] as const)
    await slipway.networks.create({ name, ipv6: true, subnets: subnets(name) })
  const app = await world.create(slipway, 'app', { network: 'front', publish: PORTS })
  await app.connect('web', { gwPriority: -1 })
  const both = () => [4, 6].map((family) => elements(world.host, `nearer${family}`).map(({ key }) => key))
  const before = both()
  for (const family of [4, 6]) execIn(world.host, 'nft', 'flush', 'set', 'inet', 'slipway', `nearer${family}`)
  t.deepEqual(both(), [[], []])
  const again = await world.open()
  t.deepEqual([again.reconciled.healed, both()], [[app.name], before])
  execIn(world.host, 'nft', 'flush', 'ruleset')
  await app.publish('8081:81')
  t.deepEqual(both(), before)
})

test.serial('a published port that is asked at a link-local address of the host refuses at once', async (t) => {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open()
  for (const name of ['front', 'web'] as const)
    await slipway.networks.create({ name, ipv6: true, subnets: subnets(name) })
  const app = await world.create(slipway, 'app', { network: 'front', publish: PORTS })
  const client = await world.create(slipway, 'client', { network: 'web' })
  serveBoth(t, app, 80)
  serveBoth(t, world.host, 8000)
  const ways: readonly (readonly [Place | Sandbox, string])[] = [
    [world.host, 'uplink'],
    [world.neighbour, 'eth0'],
    [client, 'eth0'],
    [app, 'eth0'],
  ]
  const ask = (port: number, kind: 'tcp' | 'udp') =>
    Promise.all(ways.map(async ([place, link]) => askedOn(place, link, kind, 'fe80::1', port)))
  for (const kind of ['tcp', 'udp'] as const) t.deepEqual(await ask(8080, kind), Array(4).fill('refused'), kind)
  // A program of the host is asked as before.
  t.deepEqual(await ask(8000, 'tcp'), Array(4).fill('answered'))
  // So it is when no process holds the port.
  await slipway.close()
  for (const kind of ['tcp', 'udp'] as const)
    t.deepEqual(await ask(8080, kind), Array(4).fill('refused'), `${kind}, not held`)
})
