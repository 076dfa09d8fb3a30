import test, { type ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from '#lib/index.js'
import { elements } from '../helpers/snapshot.js'
import { eventually, execIn, ip, ipJson, World, type Place } from '../helpers/world.js'

/**
 * What processes of a sandbox do to its links, addresses and routes is no obstacle to those who run it: deed × call.
 */

/** By a shell inside. `elsewhere` is a namespace of theirs. */
const DEEDS: Readonly<Record<string, string>> = {
  nothing: 'true',
  'default route deleted': 'ip route delete default',
  'default route with another metric': 'ip route delete default; ip route add default via 172.17.0.1 metric 5',
  'a default route of its own': 'ip route replace default dev eth0',
  'IPv4 and IPv6 routes flushed': 'ip route flush table main; ip -6 route flush table main',
  'addresses deleted': 'ip address flush dev eth0',
  'eth0 down': 'ip link set eth0 down',
  'eth0 down and up': 'ip link set eth0 down; ip link set eth0 up',
  'eth0 renamed': 'ip link set eth0 down; ip link set eth0 name x0; ip link set x0 up',
  'eth0 moved into a namespace of its own': 'ip link set eth0 netns elsewhere',
  'eth0 deleted': 'ip link delete eth0',
  'eth0 exchanged for a link of its own': 'ip link delete eth0; ip link add eth0 type bridge; ip link set eth0 up',
  'a link of its own by the next name': 'ip link add eth1 type bridge',
  'more default routes':
    'ip route add default dev eth0 metric 1; ip route add default dev lo metric 2; ip -6 route add default dev eth0',
  'rules that drop everything':
    'nft add table inet own; nft "add chain inet own drop { type filter hook input priority 0; policy drop; }"; sysctl -qw net.ipv4.conf.all.rp_filter=1',
  'rules of routing': 'ip rule add pref 1 blackhole; ip rule delete pref 32766',
  'IPv6 off': 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1',
  'lo down and without addresses': 'ip address flush dev lo; ip link set lo down',
}

interface Scene {
  slipway: Slipway
  host: Place
  app: Sandbox
  /** Address of another sandbox on the network web. */
  peer: string
  /** Name of the link of the endpoint on the default network, at the host. */
  hostLink: string
}

const links = (host: Place): string[] => ipJson<{ ifname: string }>(host, 'link').map(({ ifname }) => ifname)
/** Deeds by which a sandbox keeps itself from hearing. */
const DEAF = /^rules/

const reaches = (place: Place, address: string): boolean =>
  execIn(place, 'sh', '-c', `ping -c 1 -W 2 ${address} > /dev/null && echo yes || echo no`).trim() === 'yes'
const claimed = (host: Place, app: Sandbox): string[] =>
  elements(host, 'addresses4')
    .filter(({ comment }) => comment?.startsWith(`${app.name} `))
    .map(({ key }) => key)

async function isOff(t: ExecutionContext, { host, app, hostLink }: Scene, what: string): Promise<void> {
  t.false(
    elements(host, 'senders4', 'bridge').some(({ key }) => key.startsWith(hostLink)),
    `${what}: it cannot send`,
  )
  t.true(await eventually(() => !links(host).includes(hostLink)), `${what}: its link is gone`)
  t.false(
    app.endpoints.some(({ network }) => network === 'bridge'),
    what,
  )
}

const CALLS: Readonly<Record<string, (t: ExecutionContext, scene: Scene, what: string) => Promise<void>>> = {
  async 'publish, and disconnect from the last network'(t, scene, what) {
    const { host, app } = scene
    await t.notThrowsAsync(app.publish('8080:80'), what)
    t.deepEqual(
      elements(host, 'published4').map(({ key }) => key),
      ['tcp . 8080'],
      what,
    )
    await t.notThrowsAsync(app.disconnect('bridge'), what)
    await isOff(t, scene, what)
    t.true(await eventually(() => claimed(host, app).length === 0), what)
    t.deepEqual(elements(host, 'published4'), [], what)
  },
  async 'connect that moves the default route, disconnect that moves it back, unpublish'(t, { host, app, peer }, what) {
    await app.publish('8080:80')
    await t.notThrowsAsync(app.connect('web', { gwPriority: 5 }), what)
    t.is(claimed(host, app).length, 2, what)
    if (!DEAF.test(what.split(', ').at(-1) ?? '')) t.true(reaches(app, peer), `${what}: reaches its new network`)
    await t.notThrowsAsync(app.disconnect('web'), what)
    t.true(await eventually(() => claimed(host, app).length === 1), what)
    await t.notThrowsAsync(app.unpublish('8080:80'), what)
    t.deepEqual(elements(host, 'published4'), [], what)
  },
}

const UNHINDERED: typeof CALLS = {
  async 'enter, spawn and stats'(t, { app }, what) {
    await app.publish('8080:80')
    t.is(
      app.enter(() => 7),
      7,
      what,
    )
    t.is(await new Promise((resolve) => app.spawn('true').once('exit', resolve)), 0, what)
    const { interfaces, ports } = await app.stats()
    t.true(interfaces.length <= 1, what)
    t.deepEqual(
      ports.map(({ hostPort, connections }) => [hostPort, connections]),
      [[8080, 0]],
      what,
    )
  },
  async 'unpublish, and disconnect by another object, from all networks, and connect again'(
    t,
    { host, app, slipway },
    what,
  ) {
    await app.publish('8080:80')
    await app.connect('web')
    const other = await slipway.sandboxes.get(app.name)
    await t.notThrowsAsync(other.unpublish('8080:80'), what)
    await t.notThrowsAsync(other.disconnect('web'), what)
    await t.notThrowsAsync(other.disconnect('bridge'), what)
    await t.notThrowsAsync(other.connect('web'), what)
    t.true(await eventually(() => claimed(host, app).length === 1), what)
  },
}

for (const [call, make] of Object.entries({ ...CALLS, ...UNHINDERED })) {
  test.serial(call, async (t) => {
    const world = new World(t)
    const { host } = world
    const slipway = await world.open()
    await slipway.networks.create({ name: 'web' })
    const [peer = ''] =
      (await world.create(slipway, 'peer', { network: 'web' })).endpoints[0]?.addresses[0]?.split('/') ?? []
    for (const [deed, script] of Object.entries(DEEDS)) {
      const what = `${call}, ${deed}`
      const app = await world.create(slipway, 'app')
      ip('netns', 'add', world.name('elsewhere'))
      execIn(app, 'sh', '-c', script.replace('elsewhere', world.name('elsewhere')))
      const hostLink = app.endpoints[0]?.hostInterface ?? ''
      await make(t, { slipway, host, app, peer, hostLink }, what)
      await t.notThrowsAsync(app.remove(), what)
      t.false(
        elements(host, 'senders4', 'bridge').some(({ comment }) => comment?.startsWith(`${app.name} `)),
        what,
      )
      t.true(
        await eventually(() => !links(host).includes(hostLink) && claimed(host, app).length === 0),
        `${what}: nothing is left`,
      )
      ip('netns', 'delete', world.name('elsewhere'))
    }
  })
}
