import { createServer } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { enter } from '#lib/kernel/native.js'
import { DualStackWorld, HOST, NEIGHBOUR, type Addresses } from '../helpers/dual-stack.js'
import { ask, fetchFrom, NO_ANSWER, openUdp } from '../helpers/traffic.js'
import { eventually, execIn, ip, setSysctl, type Place } from '../helpers/world.js'

/**
 * What routers and clients say of what a published port has sent gets back to its sandbox: an error of ICMP finds the
 * connection that it is about, in the zone of the port too.
 */

/** Behind a router, the neighbour, by a link that takes packets of 1,280 bytes. */
const FAR: Addresses = { 4: '198.51.100.7', 6: 'fd00:98::7' }

/** Published on every address of the host, and on one. */
const PORTS = [8080, 8081] as const

const ASK = 'IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Proto => "udp")->send("hello")'

const LARGE = 'x'.repeat(1400)

async function setUp(t: ExecutionContext, bridgeCallsIptables: boolean) {
  const world = new DualStackWorld(t, bridgeCallsIptables)
  const { host, neighbour } = world
  const name = world.name('client')
  ip('netns', 'add', name)
  const client = { name, path: `/run/netns/${name}` }
  ip(
    'link',
    'add',
    'far',
    'netns',
    neighbour.name,
    'mtu',
    '1280',
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    name,
    'mtu',
    '1280',
  )
  const give = (place: Place, link: string, ...addresses: string[]) => {
    for (const address of addresses)
      ip('-n', place.name, 'address', 'add', address, 'dev', link, ...(address.includes(':') ? ['nodad'] : []))
    ip('-n', place.name, 'link', 'set', 'dev', link, 'up')
  }
  give(neighbour, 'far', '198.51.100.1/24', 'fd00:98::1/64')
  give(client, 'eth0', `${FAR[4]}/24`, `${FAR[6]}/64`)
  setSysctl(neighbour, 'net.ipv4.ip_forward', '1')
  setSysctl(neighbour, 'net.ipv6.conf.all.forwarding', '1')
  for (const gateway of ['198.51.100.1', 'fd00:98::1']) ip('-n', name, 'route', 'add', 'default', 'via', gateway)
  ip('-n', host.name, 'route', 'add', '198.51.100.0/24', 'via', NEIGHBOUR[4])
  ip('-n', host.name, 'route', 'add', 'fd00:98::/64', 'via', NEIGHBOUR[6])
  const slipway = await world.open({ bip: '10.1.0.1/24', bip6: 'fd00:1::1/64' })
  const publish = ['8080:80', '8080:80/udp', ...[HOST[4], `[${HOST[6]}]`].map((address) => `${address}:8081:81/udp`)]
  const app = await world.create(slipway, 'app', { publish })
  const other = await world.create(slipway, 'other')
  return { host, client, app, other }
}

for (const [bridgeCalls, family] of [
  [true, 4],
  [false, 4],
  [true, 6],
  [false, 6],
] as const) {
  const either = (title: string) => `br_netfilter ${bridgeCalls ? 'on' : 'off'}: ${title}, IPv${family}`

  test.serial(either('a packet is too large for a router on the way'), async (t) => {
    const { client, app } = await setUp(t, bridgeCalls)
    // With br_netfilter, the pieces of a packet of IPv6 leave the host as the whole that they were.
    for (const port of bridgeCalls && family === 6 ? [] : PORTS) {
      execIn(app, 'ip', `-${family}`, 'route', 'flush', 'cache')
      const server = openUdp(t, app, port - 8000, family)
      server.on('message', (_, asker) => server.send(LARGE, asker.port, asker.address))
      const socket = openUdp(t, client, 0, family)
      t.is(await ask(socket, HOST[family], port, NO_ANSWER), NO_ANSWER, `${port}`)
      t.is(await ask(socket, HOST[family], port), LARGE, `${port}`)
    }
    execIn(app, 'ip', `-${family}`, 'route', 'flush', 'cache')
    const pages = createServer((_, response) => response.end(LARGE))
    enter(app.path, () => pages.listen(80))
    t.teardown(() => pages.close())
    t.is(await fetchFrom(client, `http://${family === 6 ? `[${HOST[6]}]` : HOST[4]}:8080/`), LARGE)
  })

  test.serial(either('a client has closed its port'), async (t) => {
    const { host, client, app, other } = await setUp(t, bridgeCalls)
    for (const port of PORTS) {
      const server = openUdp(t, app, port - 8000, family)
      const asks: (() => void)[] = []
      server.on('message', (_, asker) => asks.push(() => server.send('too late', asker.port, asker.address)))
      for (const [who, place] of Object.entries({ client, host, other })) {
        const before = refusals(app, family)
        execIn(place, 'perl', '-MIO::Socket::IP', '-e', ASK, HOST[family], `${port}`)
        t.true(await eventually(() => asks.length === 1), `${who} asks ${port}`)
        asks.pop()?.()
        t.true(
          await eventually(() => refusals(app, family) === before + 1),
          `${who} has closed its port, and ${port} hears of it`,
        )
      }
    }
  })
}

/** How many times a place has been told that nothing is there. */
function refusals(place: Place, family: 4 | 6): number {
  if (family === 6) return Number(/Icmp6InDestUnreachs\s+(\d+)/.exec(execIn(place, 'cat', '/proc/net/snmp6'))?.[1])
  const [names = [], values = []] = execIn(place, 'cat', '/proc/net/snmp')
    .split('\n')
    .filter((line) => line.startsWith('Icmp:'))
    .map((line) => line.split(' '))
  return Number(values[names.indexOf('InDestUnreachs')])
}
