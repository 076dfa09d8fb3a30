import test, { type ExecutionContext } from 'ava'
import type { CreateOptions, OpenOptions } from 'slipway'
import { dropped, watchDrops } from '../helpers/drops.js'
import { BRIDGES } from '../helpers/thorough.js'
import { fetchFrom, NO_ANSWER, reaches, REFUSED, serve, serveTcp } from '../helpers/traffic.js'
import {
  HOST_ADDRESS,
  ip,
  ipJson,
  NEIGHBOUR_ADDRESS,
  OTHER_HOST_ADDRESS,
  setSysctl,
  World,
  type Place,
} from '../helpers/world.js'

/**
 * Who reaches what, and under which address the server sees its client. Every line of these tables is a connection that
 * is made. All of it holds with and without br_netfilter, and whether the sandboxes are on one bridge or on several.
 *
 * One after the other: the servers run in this process, and would wait for other tests' tools.
 */

const BRIDGE = '172.17.0.1'
const APP = '172.17.0.2'
const OTHER = '172.17.0.3'

interface Setup {
  open?: OpenOptions
  publish?: CreateOptions['publish']
}

for (const [bridgeCallsIptables, portsPerBridge] of BRIDGES) {
  const either = (title: string) =>
    `br_netfilter ${bridgeCallsIptables ? 'on' : 'off'}, ${portsPerBridge === 1 ? 'a bridge for each sandbox' : 'one bridge'}: ${title}`

  /** Two sandboxes, `app` with a server on port 80, and what is published of it. */
  const setUp = async (t: ExecutionContext, { open = {}, publish = [] }: Setup = {}) => {
    const world = new World(t, { bridgeCallsIptables })
    const slipway = await world.open({ portsPerBridge, ...open })
    const app = await world.create(slipway, 'app', { publish })
    const other = await world.create(slipway, 'other')
    serve(t, app, 80)
    return { host: world.host, neighbour: world.neighbour, app, other }
  }

  for (const protocol of ['tcp', 'udp'] as const) {
    test.serial(either(`a port published on every host address, ${protocol}`), async (t) => {
      const { host, neighbour, app, other } = await setUp(t, { publish: [`8080:80/${protocol}`] })
      await reaches(t, protocol, [
        // from      to                         who the server sees
        [host, '127.0.0.1:8080', BRIDGE],
        [host, `${HOST_ADDRESS}:8080`, HOST_ADDRESS],
        [host, `${OTHER_HOST_ADDRESS}:8080`, OTHER_HOST_ADDRESS],
        [host, `${BRIDGE}:8080`, BRIDGE],
        [neighbour, `${HOST_ADDRESS}:8080`, NEIGHBOUR_ADDRESS],
        [neighbour, `${OTHER_HOST_ADDRESS}:8080`, NEIGHBOUR_ADDRESS],
        [other, `${HOST_ADDRESS}:8080`, BRIDGE],
        [other, `${BRIDGE}:8080`, BRIDGE],
        [app, `${HOST_ADDRESS}:8080`, BRIDGE],
        [app, `${BRIDGE}:8080`, BRIDGE],
        [app, '127.0.0.1:80', '127.0.0.1'],
      ])
    })

    test.serial(either(`a sandbox itself, ${protocol}`), async (t) => {
      const { host, neighbour, app, other } = await setUp(t)
      ip('-n', neighbour.name, 'route', 'add', '172.17.0.0/16', 'via', HOST_ADDRESS)
      const unpublished = protocol === 'tcp' ? REFUSED : NO_ANSWER
      await reaches(t, protocol, [
        [host, `${APP}:80`, BRIDGE],
        [other, `${APP}:80`, OTHER],
        [app, `${APP}:80`, APP],
        [neighbour, `${APP}:80`, NO_ANSWER],
        [neighbour, `${HOST_ADDRESS}:80`, unpublished],
        [host, '127.0.0.1:80', unpublished],
      ])
    })

    test.serial(either(`a port published on 127.0.0.1, ${protocol}`), async (t) => {
      const { host, neighbour, app, other } = await setUp(t, { publish: [`127.0.0.1:8080:80/${protocol}`] })
      const unpublished = protocol === 'tcp' ? REFUSED : NO_ANSWER
      await reaches(t, protocol, [
        [host, '127.0.0.1:8080', BRIDGE],
        [host, `${HOST_ADDRESS}:8080`, unpublished],
        [neighbour, `${HOST_ADDRESS}:8080`, unpublished],
        [other, `${BRIDGE}:8080`, unpublished],
        [app, `${BRIDGE}:8080`, unpublished],
      ])
    })

    test.serial(either(`a port published on one host address, ${protocol}`), async (t) => {
      const { host, neighbour, app, other } = await setUp(t, { publish: [`${HOST_ADDRESS}:8080:80/${protocol}`] })
      const unpublished = protocol === 'tcp' ? REFUSED : NO_ANSWER
      await reaches(t, protocol, [
        [host, `${HOST_ADDRESS}:8080`, HOST_ADDRESS],
        [neighbour, `${HOST_ADDRESS}:8080`, NEIGHBOUR_ADDRESS],
        [other, `${HOST_ADDRESS}:8080`, BRIDGE],
        [app, `${HOST_ADDRESS}:8080`, BRIDGE],
        [host, '127.0.0.1:8080', unpublished],
        [host, `${OTHER_HOST_ADDRESS}:8080`, unpublished],
        [neighbour, `${OTHER_HOST_ADDRESS}:8080`, unpublished],
        [other, `${BRIDGE}:8080`, unpublished],
      ])
    })

    test.serial(either(`the world, ${protocol}`), async (t) => {
      const { host, neighbour, app } = await setUp(t)
      serve(t, neighbour, 8000)
      serve(t, host, 8000)
      await reaches(t, protocol, [
        [app, `${NEIGHBOUR_ADDRESS}:8000`, HOST_ADDRESS],
        // The host's own servers are no other host's.
        [app, `${BRIDGE}:8000`, APP],
        [app, `${HOST_ADDRESS}:8000`, APP],
      ])
    })
  }

  test.serial(either('localhost, which curl takes to be ::1 and then 127.0.0.1'), async (t) => {
    const { host } = await setUp(t, { publish: ['8080:80'] })
    t.is(await fetchFrom(host, 'http://localhost:8080/'), BRIDGE)
  })

  test.serial(either('without ipMasq the world sees the sandbox itself'), async (t) => {
    const { neighbour, app } = await setUp(t, { open: { ipMasq: false } })
    ip('-n', neighbour.name, 'route', 'add', '172.17.0.0/16', 'via', HOST_ADDRESS)
    serve(t, neighbour, 8000)
    for (const protocol of ['tcp', 'udp'] as const)
      await reaches(t, protocol, [[app, `${NEIGHBOUR_ADDRESS}:8000`, APP]])
  })

  test.serial(either('a neighbour that routes 127.0.0.0/8 at us does not reach loopback'), async (t) => {
    const { host, neighbour } = await setUp(t, { publish: ['127.0.0.1:8080:80', '127.0.0.1:8080:80/udp'] })
    // The worst host: one whose uplink would route loopback addresses, too.
    setSysctl(host, 'net.ipv4.conf.uplink.route_localnet', '1')
    routeLoopbackTo(neighbour, HOST_ADDRESS, 'eth0')
    const before = watchDrops(host)
    await reaches(t, 'tcp', [[neighbour, '127.0.0.1:8080', NO_ANSWER]])
    await reaches(t, 'udp', [[neighbour, '127.0.0.1:8080', NO_ANSWER]])
    t.true(dropped(host, before, 'a neighbour may not send to loopback') >= 2)
  })

  test.serial(either('nor does one that comes from 127.0.0.0/8, or a sandbox that does either'), async (t) => {
    const { host, neighbour, other } = await setUp(t, { publish: ['127.0.0.1:8080:80'] })
    setSysctl(host, 'net.ipv4.conf.uplink.route_localnet', '1')
    serveTcp(t, host, 8000)
    routeLoopbackTo(other, BRIDGE, 'eth0')
    sendFromLoopback(neighbour)
    const before = watchDrops(host)
    await reaches(t, 'tcp', [[other, '127.0.0.1:8080', NO_ANSWER]])
    t.true(dropped(host, before, 'a neighbour may not send to loopback') >= 1)
    t.is(
      await fetchFrom(neighbour, `http://${HOST_ADDRESS}:8000/`, { from: '127.0.0.9', expected: NO_ANSWER }),
      NO_ANSWER,
    )
    t.true(dropped(host, before, 'a neighbour may not come from loopback') >= 1)
  })

  test.serial(either('a sandbox may not send from an address that it has given itself'), async (t) => {
    const { host, neighbour, other } = await setUp(t)
    serveTcp(t, neighbour, 8000)
    ip('-n', other.name, 'address', 'add', '172.17.0.99/16', 'dev', 'eth0')
    t.is(await fetchFrom(other, `http://${APP}/`), OTHER)
    const before = watchDrops(host)
    for (const url of [`http://${APP}/`, `http://${NEIGHBOUR_ADDRESS}:8000/`]) {
      t.is(await fetchFrom(other, url, { from: '172.17.0.99', expected: NO_ANSWER }), NO_ANSWER, url)
    }
    t.true(dropped(host, before, 'not its own') >= 2)
  })

  test.serial(either('a sandbox may not send from another MAC address'), async (t) => {
    const { host, other } = await setUp(t)
    ip('-n', other.name, 'link', 'set', 'dev', 'eth0', 'address', '02:42:ac:11:00:63')
    const before = watchDrops(host)
    await reaches(t, 'tcp', [[other, `${APP}:80`, NO_ANSWER]])
    t.true(dropped(host, before, 'not its own') >= 1)
  })

  test.serial(either('a sandbox may not answer for the address of another'), async (t) => {
    const { host, app, other } = await setUp(t)
    serveTcp(t, other, 80)
    ip('-n', app.name, 'link', 'set', 'dev', 'eth0', 'down')
    ip('-n', other.name, 'address', 'add', `${APP}/32`, 'dev', 'eth0')
    const before = watchDrops(host)
    await reaches(t, 'tcp', [[host, `${APP}:80`, NO_ANSWER]])
    // Nobody asks for it on another bridge.
    t.is(dropped(host, before, 'not its own') >= 1, portsPerBridge > 1)
  })

  test.serial(either('a sandbox may not announce itself as the gateway'), async (t) => {
    const { host, app, other } = await setUp(t)
    await reaches(t, 'tcp', [[host, `${APP}:80`, BRIDGE]])
    ip('-n', other.name, 'address', 'add', `${BRIDGE}/16`, 'dev', 'eth0')
    const before = watchDrops(host)
    // Whoever is asked "who has 172.17.0.2, tell 172.17.0.1" believes the asker to be 172.17.0.1.
    await fetchFrom(other, `http://${APP}/`, { from: BRIDGE, expected: NO_ANSWER })
    t.true(dropped(host, before, 'not its own') >= 1)
    t.is(gatewayMac(app), '02:42:ac:11:00:01')
  })

  test.serial(either('icc: false: sandboxes meet only at published ports'), async (t) => {
    const world = new World(t, { bridgeCallsIptables })
    const slipway = await world.open({ icc: false, portsPerBridge })
    const app = await world.create(slipway, 'app', { publish: ['8080:80', '8080:80/udp'] })
    const other = await world.create(slipway, 'other')
    serve(t, app, 80)
    for (const protocol of ['tcp', 'udp'] as const) {
      await reaches(t, protocol, [
        [other, `${APP}:80`, NO_ANSWER],
        [other, `${HOST_ADDRESS}:8080`, BRIDGE],
        [app, `${HOST_ADDRESS}:8080`, BRIDGE],
        [world.host, `${APP}:80`, BRIDGE],
        [world.neighbour, `${HOST_ADDRESS}:8080`, NEIGHBOUR_ADDRESS],
      ])
    }
  })
}

/** Makes a place send what is meant for 127.0.0.0/8 to somebody else. */
function routeLoopbackTo(place: Place, gateway: string, link: string): void {
  ip('-n', place.name, 'address', 'delete', '127.0.0.1/8', 'dev', 'lo')
  ip('-n', place.name, 'route', 'add', '127.0.0.0/8', 'via', gateway, 'dev', link)
  setSysctl(place, `net.ipv4.conf.${link}.route_localnet`, '1')
}

/** Who a sandbox believes its gateway to be. */
const gatewayMac = (place: Place) => ipJson<{ lladdr?: string }>(place, 'neighbor', 'show', BRIDGE)[0]?.lladdr

/** Gives a place a loopback address that it may send from. */
function sendFromLoopback(place: Place): void {
  ip('-n', place.name, 'address', 'delete', '127.0.0.1/8', 'dev', 'lo')
  ip('-n', place.name, 'address', 'add', '127.0.0.9/32', 'dev', 'eth0')
  setSysctl(place, 'net.ipv4.conf.eth0.route_localnet', '1')
}
