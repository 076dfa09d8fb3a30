import { spawn } from 'node:child_process'
import test, { type ExecutionContext } from 'ava'
import type { Slipway } from 'slipway'
import { DualStackWorld, HOST, NEIGHBOUR } from '../helpers/dual-stack.js'
import { addressesOf } from '../helpers/every-kind.js'
import { holds, serveBoth, type Cast } from '../helpers/reach-table.js'
import { eventually, execIn, ip, ipJson, setSysctl, World, type Place } from '../helpers/world.js'

/** What a host says of new links, and what it has learned: sandboxes work, and the host keeps what it had. */

const setting = (place: Place, key: string) => execIn(place, 'sysctl', '-n', key).trim()

const WEB = { name: 'web', ipv6: true, subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }] }

/** Three sandboxes of a network, on two bridges, of which one publishes a port; and what they reach. */
async function reachWorld(t: ExecutionContext, world: DualStackWorld, slipway: Slipway): Promise<void> {
  await slipway.networks.create(WEB)
  const cast: Cast = {
    host: { place: world.host, at: HOST },
    neighbour: { place: world.neighbour, at: NEIGHBOUR },
  }
  for (const name of ['first', 'second', 'third']) {
    const sandbox = await world.create(slipway, name, {
      network: 'web',
      ...(name === 'third' ? { publish: ['8080:80/tcp', '8080:80/udp'] } : {}),
    })
    cast[name] = { place: sandbox, at: addressesOf(sandbox) }
    if (name === 'third') serveBoth(t, sandbox, 80)
  }
  serveBoth(t, world.neighbour, 8000)
  await holds(
    t,
    cast,
    `
    from       neighbour:8000  host:8080  third:80
    first      host            .          first
    third      host            .          .
    neighbour  .               neighbour  .`,
  )
}

test.serial('bridges forward, whatever the host says of new links', async (t) => {
  const world = new DualStackWorld(t, false)
  for (const family of ['ipv4', 'ipv6']) {
    setSysctl(world.host, `net.${family}.conf.all.forwarding`, '1')
    setSysctl(world.host, `net.${family}.conf.default.forwarding`, '0')
  }
  const slipway = await world.open({ portsPerBridge: 2 })
  await reachWorld(t, world, slipway)
  // An administrator turns it off on our bridge alone: whoever opens the host next turns it on again.
  const { bridge = '' } = await slipway.networks.get('web')
  for (const family of ['ipv4', 'ipv6']) setSysctl(world.host, `net/${family}/conf/${bridge}/forwarding`, '0')
  await world.create(await world.open({ portsPerBridge: 2 }), 'next', { network: 'web' })
  for (const family of ['ipv4', 'ipv6']) t.is(setting(world.host, `net/${family}/conf/${bridge}/forwarding`), '1')
})

test.serial('networks have IPv6 where the host turns it off on new links', async (t) => {
  const world = new DualStackWorld(t, false)
  setSysctl(world.host, 'net.ipv6.conf.default.disable_ipv6', '1')
  const slipway = await world.open({ portsPerBridge: 2, ipv6: true, bip6: 'fd00:1::1/64' })
  await reachWorld(t, world, slipway)
  t.regex(execIn(await world.create(slipway, 'default'), 'ip', '-6', 'route', 'show', 'default'), /fd00:1::1/)
  t.is(setting(world.host, 'net.ipv6.conf.default.disable_ipv6'), '1')
})

test.serial('a namespace where IPv6 is turned off has it on the networks that have it', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create(WEB)
  await slipway.networks.create({ name: 'four' })
  const given = (name: string): Place => {
    ip('netns', 'add', world.name(name))
    const place = { name: world.name(name), path: `/run/netns/${world.name(name)}` }
    for (const which of ['all', 'default']) setSysctl(place, `net.ipv6.conf.${which}.disable_ipv6`, '1')
    return place
  }
  const [one, other] = [given('one'), given('other')]
  const app = await world.create(slipway, 'app', { netns: one.path, network: 'four' })
  t.is(setting(one, 'net.ipv6.conf.eth0.disable_ipv6'), '1')
  await app.connect('web')
  await world.create(slipway, 'again', { netns: other.path, network: 'web' })
  for (const [place, link] of [
    [one, 'eth1'],
    [other, 'eth0'],
  ] as const) {
    t.is(setting(place, `net.ipv6.conf.${link}.disable_ipv6`), '0')
    t.regex(execIn(place, 'ip', '-6', 'route'), /default via fd00:7::1/)
    t.notThrows(() => execIn(place, 'ping', '-c', '1', '-W', '2', 'fd00:7::1'))
  }
  // What is of no network with IPv6 stays as it was.
  t.is(setting(one, 'net.ipv6.conf.eth0.disable_ipv6'), '1')
})

/** Sends advertisements of a router, with a prefix to make addresses of, until it is killed. */
const ROUTER = `
import socket, struct, sys, time
lifetime = int(sys.argv[1])
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
s.setsockopt(41, 18, 255)
prefix = struct.pack('!BBBBIII', 3, 4, 64, 0xc0, 1800, 1800, 0) + socket.inet_pton(socket.AF_INET6, '2001:db8:7::')
while True:
    s.sendto(struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, lifetime, 0, 0) + prefix, ('ff02::1', 0, 0, socket.if_nametoindex('eth0')))
    time.sleep(.2)
`

/** What a host has from a router. */
const learned = (host: Place): string[] => [
  ...ipJson<{ dst: string; protocol: string }>(host, '-6', 'route', 'show', 'default').map(
    ({ dst, protocol }) => `${dst} ${protocol}`,
  ),
  ...ipJson<{ addr_info: { local?: string }[] }>(
    host,
    '-6',
    'address',
    'show',
    'dev',
    'uplink',
    'scope',
    'global',
  ).flatMap(({ addr_info }) =>
    addr_info.flatMap(({ local = '' }) => (local.startsWith('2001:db8:7:') ? ['address'] : [])),
  ),
]

for (const [what, lifetime, before] of [
  ['a default route', 1800, ['default ra', 'address']],
  ['addresses alone', 0, ['address']],
] as const) {
  test.serial(`a host that has learned ${what} from a router keeps it with its first network of IPv6`, async (t) => {
    const world = new World(t)
    for (const [place, link] of [
      [world.host, 'uplink'],
      [world.neighbour, 'eth0'],
    ] as const) {
      ip('-n', place.name, 'link', 'set', 'dev', link, 'addrgenmode', 'eui64')
      ip('-n', place.name, 'address', 'add', `fe80::${link === 'eth0' ? 9 : 1}/64`, 'dev', link, 'nodad')
    }
    setSysctl(world.host, 'net.ipv6.conf.uplink.accept_ra', '1')
    setSysctl(world.host, 'net.ipv6.conf.uplink.autoconf', '1')
    const router = spawn('ip', ['netns', 'exec', world.neighbour.name, 'python3', '-c', ROUTER, `${lifetime}`])
    t.teardown(() => router.kill())
    t.true(await eventually(() => learned(world.host).length === before.length))
    const slipway = await world.open()
    const { bridge = '' } = await slipway.networks.create(WEB)
    t.is(setting(world.host, 'net.ipv6.conf.all.forwarding'), '1')
    t.deepEqual(learned(world.host), [...before])
    t.is(setting(world.host, 'net.ipv6.conf.uplink.accept_ra'), '2')
    t.is(setting(world.host, `net/ipv6/conf/${bridge}/accept_ra`), '1')
    // What it loses comes again.
    if (lifetime > 0) ip('-n', world.host.name, '-6', 'route', 'delete', 'default')
    t.true(await eventually(() => learned(world.host).length === before.length))
  })
}

test.serial('a link whose routes another program learns is left as it is', async (t) => {
  const world = new DualStackWorld(t, false)
  setSysctl(world.host, 'net.ipv6.conf.uplink.accept_ra', '0')
  ip('-n', world.host.name, '-6', 'route', 'add', 'default', 'via', NEIGHBOUR[6], 'proto', 'ra')
  await (await world.open()).networks.create(WEB)
  t.is(setting(world.host, 'net.ipv6.conf.uplink.accept_ra'), '0')
  t.is(ipJson(world.host, '-6', 'route', 'show', 'default').length, 1)
})
