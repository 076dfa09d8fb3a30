import test, { type ExecutionContext } from 'ava'
import { dropped, watchDrops } from '../helpers/drops.js'
import {
  ALL_NODES,
  BROADCAST,
  neighbourAdvertisement,
  redirect,
  routerAdvertisement,
  sendFrame,
  udpFrame,
  type Ends,
} from '../helpers/frames.js'
import { DualWorld, type Guest, type Network } from '../helpers/networks.js'
import { ask, NO_ANSWER, openUdp, reaches, serveTcp } from '../helpers/traffic.js'
import { eventually, ip, ipJson, type Place } from '../helpers/world.js'

/**
 * What a sandbox may send below IP, and in the name of others. Each frame that must not arrive is sent a second time
 * where it may, so that it is known to be a good one.
 */

interface Setup {
  world: DualWorld
  network: Network
  one: Guest
  two: Guest
}

for (const bridgeCallsIptables of [true, false]) {
  const either = (title: string) => `br_netfilter ${bridgeCallsIptables ? 'on' : 'off'}: ${title}`

  const setUp = async (t: ExecutionContext, icc: boolean): Promise<Setup> => {
    const world = await DualWorld.make(t, bridgeCallsIptables)
    const network = await world.network(1, { icc })
    return { world, network, one: await world.guest(network, 2), two: await world.guest(network, 3) }
  }

  for (const family of [4, 6] as const) {
    /** What reaches two of frames from one, directly and to all, and of the host's message after them. */
    const received = async (t: ExecutionContext, { world, one, two }: Setup): Promise<string[]> => {
      const texts: string[] = []
      const server = openUdp(t, two, 80, family)
      server.on('message', (text, client) => {
        texts.push(String(text))
        server.send('seen', client.port, client.address)
      })
      const from = { from: one.addresses[family], to: two.addresses[family] }
      sendFrame(one, udpFrame({ ...from, ether: { from: one.mac, to: two.mac } }, 80, 'directly'))
      sendFrame(one, udpFrame({ ...from, ether: { from: one.mac, to: BROADCAST } }, 80, 'to all'))
      t.is(await ask(openUdp(t, world.host, 0, family), two.addresses[family], 80), 'seen')
      return texts.sort()
    }

    test.serial(either(`with icc, raw frames reach a sandbox of the same network, IPv${family}`), async (t) => {
      t.deepEqual(await received(t, await setUp(t, true)), ['directly', 'to all', 'who am I?'])
    })

    test.serial(either(`without icc, they do not, IPv${family}`), async (t) => {
      const setup = await setUp(t, false)
      const before = watchDrops(setup.world.host)
      t.deepEqual(await received(t, setup), ['who am I?'])
      t.is(dropped(setup.world.host, before, 'to the bridge alone'), 1)
    })

    test.serial(either(`without icc, nor does one that knows its neighbour's MAC, IPv${family}`), async (t) => {
      const { world, one, two } = await setUp(t, false)
      serveTcp(t, two, 80)
      for (const [who, whom] of [
        [one, two],
        [two, one],
      ] as const) {
        ip('-n', who.name, 'neighbor', 'replace', whom.addresses[family], 'lladdr', whom.mac, 'dev', 'eth0')
      }
      const before = watchDrops(world.host)
      await reaches(t, 'tcp', [[one, `${url(two.addresses[family])}:80`, NO_ANSWER]])
      t.true(dropped(world.host, before, 'to the bridge alone') >= 1)
    })

    test.serial(either(`without icc, nor does one that goes by the gateway, IPv${family}`), async (t) => {
      const { world, network, one, two } = await setUp(t, false)
      serveTcp(t, two, 80)
      ip('-n', one.name, 'route', 'add', two.addresses[family], 'via', network.gateway[family])
      const before = watchDrops(world.host)
      await reaches(t, 'tcp', [[one, `${url(two.addresses[family])}:80`, NO_ANSWER]])
      t.true(dropped(world.host, before, 'nothing else gets into a network') >= 1)
    })
  }

  for (const icc of [true, false]) {
    test.serial(
      either(`with${icc ? '' : 'out'} icc, a sandbox may not send from an address that it has given itself`),
      async (t) => {
        const { world, network, one } = await setUp(t, icc)
        serveTcp(t, world.host, 8000)
        ip('-n', one.name, 'address', 'add', '10.1.0.99/24', 'dev', 'eth0')
        ip('-n', one.name, 'address', 'add', 'fd00:1::99/64', 'dev', 'eth0', 'nodad', 'preferred_lft', '0')
        const before = watchDrops(world.host)
        await reaches(t, 'tcp', [
          [one, `${network.gateway[4]}:8000`, one.addresses[4]],
          [one, `[${network.gateway[6]}]:8000`, one.addresses[6]],
          [{ ...one, address: '10.1.0.99' }, `${network.gateway[4]}:8000`, NO_ANSWER],
          [{ ...one, address: 'fd00:1::99' }, `[${network.gateway[6]}]:8000`, NO_ANSWER],
        ])
        t.true(dropped(world.host, before, 'not its own') >= 2)
      },
    )
  }

  test.serial(either('a sandbox may not advertise the IPv6 address of another'), async (t) => {
    const { world, network, one, two } = await setUp(t, true)
    for (const guest of [one, two]) {
      serveTcp(t, guest, 80)
      await reaches(t, 'tcp', [[world.host, `${url(guest.addresses[6])}:80`, network.gateway[6]]])
    }
    const ends: Ends = { ether: { from: one.mac, to: network.mac }, from: one.addresses[6], to: network.gateway[6] }
    const before = watchDrops(world.host)
    sendFrame(one, neighbourAdvertisement(ends, two.addresses[6], one.mac))
    t.true(await eventually(() => dropped(world.host, before, 'not its own') === 1))
    t.is(believed(world.host, two.addresses[6]), two.mac)
    // Its own it may, also from its other address.
    sendFrame(one, neighbourAdvertisement({ ...ends, from: one.linkLocal }, one.addresses[6], '02:00:00:00:00:77'))
    t.true(await eventually(() => believed(world.host, one.addresses[6]) === '02:00:00:00:00:77'))
  })

  test.serial(either('a sandbox may not advertise itself as a router'), async (t) => {
    const { world, network, one, two } = await setUp(t, true)
    const frame = routerAdvertisement({
      ether: { from: one.mac, to: ALL_NODES.mac },
      from: one.linkLocal,
      to: ALL_NODES.address,
    })
    const routers = () =>
      ipJson<{ dst: string; gateway: string }>(two, '-6', 'route').flatMap(({ dst, gateway }) =>
        dst === 'default' ? [gateway] : [],
      )
    const before = watchDrops(world.host)
    sendFrame(one, frame)
    t.true(await eventually(() => dropped(world.host, before, 'a sandbox is no router') === 1))
    t.deepEqual(routers(), [network.gateway[6]])
    sendFrame(world.host, frame, network.bridge)
    t.true(await eventually(() => routers().includes(one.linkLocal)))
  })

  test.serial(either('a sandbox may not redirect others'), async (t) => {
    const { world, one, two } = await setUp(t, true)
    const before = watchDrops(world.host)
    sendFrame(
      one,
      redirect(
        { ether: { from: one.mac, to: two.mac }, from: one.linkLocal, to: two.addresses[6] },
        one.linkLocal,
        'fd00:99::9',
      ),
    )
    t.true(await eventually(() => dropped(world.host, before, 'nor does it know better ones') === 1))
  })
}

const url = (address: string) => (address.includes(':') ? `[${address}]` : address)

/** The MAC address that a place believes an address to be at. */
const believed = (place: Place, address: string) =>
  ipJson<{ lladdr?: string }>(place, '-6', 'neighbor', 'show', address)[0]?.lladdr
