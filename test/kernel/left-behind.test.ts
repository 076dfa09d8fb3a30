import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, statSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { enter } from '#lib/kernel/native.js'
import type { Sandbox, Slipway } from '#lib/index.js'
import { dropped, watchDrops } from '../helpers/drops.js'
import { elements } from '../helpers/snapshot.js'
import { ask, fetchFrom, NO_ANSWER, openUdp, portOf, serveTcp, serveUdp } from '../helpers/traffic.js'
import { eventually, execIn, HOST_ADDRESS, ip, NEIGHBOUR_ADDRESS, World, type Place } from '../helpers/world.js'

/**
 * What a sandbox leaves behind when it goes: clients of its ports, holes in conntrack, and what others remember of
 * where it was.
 */

const HOST6 = 'fd00:99::1'
const NEIGHBOUR6 = 'fd00:99::9'
const SECONDS_TO_HEAR = 3

async function setUp(t: ExecutionContext, pool?: { size: number }): Promise<{ world: World; slipway: Slipway }> {
  const world = new World(t)
  for (const [place, link, address] of [
    [world.host, 'uplink', HOST6],
    [world.neighbour, 'eth0', NEIGHBOUR6],
  ] as const) {
    ip('-n', place.name, 'link', 'set', 'dev', link, 'addrgenmode', 'eui64')
    for (const one of [`${address}/64`, `fe80::${address.at(-1)}/64`])
      ip('-n', place.name, 'address', 'add', one, 'dev', link, 'nodad')
  }
  const slipway = await world.open({ ipv6: true, fixedCidrV6: 'fd00:17::/64', ...(pool ? { pool } : {}) })
  return { world, slipway }
}

/** Says who it is: by UDP to each datagram, by TCP whenever something comes. */
function serveName(t: ExecutionContext, place: Place, name: string): void {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).on('data', () => socket.write(name)))
  })
  enter(place.path, () => server.listen(80))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  for (const family of [4, 6] as const) {
    const udp = openUdp(t, place, 80, family)
    udp.on('message', (_message, client) => udp.send(name, client.port, client.address))
  }
}

interface Client {
  from: string
  /** What comes of the next packet: an answer, `reset`, or nothing. */
  next: () => Promise<string>
}

/** A process that has connections, which it closes when its input ends. */
async function connected(t: ExecutionContext, place: Place, addresses: readonly string[], port = 80) {
  const tool = spawn('nsenter', [`--net=${place.path}`, 'python3', '-c', TCP_CLIENTS, String(port), ...addresses], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => tool.kill())
  await once(tool.stdout, 'data')
  return tool
}

/**
 * TCP clients of one place, each a connection that stays: by a tool, as Node.js connects later than it is told to, and
 * elsewhere.
 */
async function tcpClients(t: ExecutionContext, place: Place, addresses: readonly string[]): Promise<Client[]> {
  const tool = await connected(t, place, addresses, 8080)
  let said: Promise<string[]> | undefined
  let asked = 0
  return addresses.map((address, index) => ({
    from: `tcp ${place.name} ${address}`,
    async next() {
      // All of them at once, once for each round.
      if (asked++ % addresses.length === 0) {
        said = once(tool.stdout, 'data').then(([line]) => String(line).trim().split(','))
        tool.stdin.write('next\n')
      }
      return (await said)?.[index] ?? ''
    },
  }))
}

const TCP_CLIENTS = `
import socket, sys
sockets = [socket.create_connection((address, int(sys.argv[1])), 5) for address in sys.argv[2:]]
for s in sockets: s.settimeout(${SECONDS_TO_HEAR})
def say(line):
    sys.stdout.write(line + '\\n')
    sys.stdout.flush()
say('connected')
def ask(s):
    try:
        s.send(b'x')
        return s.recv(100).decode() or 'closed'
    except socket.timeout: return '${NO_ANSWER}'
    except OSError: return 'reset'
for line in sys.stdin: say(','.join(ask(s) for s in sockets))
`

function udpClient(t: ExecutionContext, place: Place, address: string): Client {
  const socket = openUdp(t, place, 0, address.includes(':') ? 6 : 4)
  return { from: `udp ${place.name} ${address}`, next: () => ask(socket, address, 8080, gone ? NO_ANSWER : undefined) }
}
let gone = false

const isTcp = ({ from }: Client) => from.startsWith('tcp')

const DEEDS: Readonly<
  Record<
    string,
    {
      deed: (scene: { world: World; slipway: Slipway; app: Sandbox }) => Promise<Sandbox | undefined>
      udp: string
      tcp: string
    }
  >
> = {
  remove: { deed: ({ app }) => app.remove().then(() => undefined), tcp: 'reset', udp: NO_ANSWER },
  'remove, and another has the port': {
    async deed({ world, slipway, app }) {
      await app.remove()
      return world.create(slipway, 'next', { publish: PORTS })
    },
    tcp: 'reset',
    udp: 'next',
  },
  unpublish: {
    async deed({ world, app }) {
      await app.unpublish(...PORTS)
      // What has begun by TCP is forgotten behind the caller's back.
      const known = () =>
        [4, 6]
          .map((family) =>
            execIn(world.host, 'conntrack', '-L', '-f', `ipv${family}`, '-p', 'tcp', '--orig-port-dst', '8080'),
          )
          .join('')
      await eventually(() => known() === '')
      return undefined
    },
    tcp: 'reset',
    udp: NO_ANSWER,
  },
  'disconnect from the network that leads to the world': {
    deed: ({ app }) => app.disconnect('bridge').then(() => undefined),
    tcp: 'reset',
    udp: 'app',
  },
}
const PORTS = ['8080:80', '8080:80/udp']

for (const [what, { deed, ...outcome }] of Object.entries(DEEDS)) {
  for (const pool of [undefined, { size: 2 }]) {
    test.serial(`clients after ${what}${pool ? ', of sandboxes from the pool' : ''}`, async (t) => {
      const { world, slipway } = await setUp(t, pool)
      const { host, neighbour } = world
      await slipway.networks.create({
        name: 'web',
        subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }],
        ipv6: true,
      })
      if (pool) await slipway.pool.ready()
      const app = await world.create(slipway, 'app', { publish: PORTS })
      const other = await world.create(slipway, 'other')
      if (what.startsWith('disconnect')) await app.connect('web')
      serveName(t, app, 'app')
      gone = false
      const ways = [
        [neighbour, [HOST_ADDRESS, HOST6]],
        [host, ['127.0.0.1', HOST_ADDRESS, HOST6]],
        [other, [HOST_ADDRESS, HOST6]],
      ] as const
      const tcp = await Promise.all(ways.map(([place, addresses]) => tcpClients(t, place, addresses)))
      const clients = [
        ...tcp.flat(),
        ...ways.flatMap(([place, addresses]) => addresses.map((address) => udpClient(t, place, address))),
      ]
      const all = () => Promise.all(clients.map(async (client) => `${client.from}: ${await client.next()}`))
      t.deepEqual(
        await all(),
        clients.map(({ from }) => `${from}: app`),
        'before',
      )
      const next = await deed({ world, slipway, app })
      if (next) serveName(t, next, 'next')
      gone = outcome.udp === NO_ANSWER
      t.deepEqual(
        await all(),
        clients.map((client) => `${client.from}: ${isTcp(client) ? outcome.tcp : outcome.udp}`),
        'after',
      )
    })
  }
}

const AT = { ip: '172.17.5.5', ip6: 'fd00:17::55' }

test.serial('a hole that a sandbox has made outwards leads nobody to the next that has its address', async (t) => {
  const { world, slipway } = await setUp(t)
  const { host, neighbour } = world
  ip('-n', host.name, '-6', 'route', 'add', 'default', 'via', NEIGHBOUR6)
  const first = await world.create(slipway, 'first', AT)
  const ways = [
    [4, NEIGHBOUR_ADDRESS, HOST_ADDRESS],
    [6, NEIGHBOUR6, HOST6],
  ] as const
  const holes = ways.map(([family, to, host]) => {
    const inside = openUdp(t, first, 5000, family)
    const accomplice = openUdp(t, neighbour, 6000, family)
    inside.on('message', () => inside.send('first', 6000, to))
    inside.send('hole', 6000, to)
    return { inside, accomplice, family, host }
  })
  await Promise.all(holes.map(({ accomplice }) => once(accomplice, 'message')))
  for (const { accomplice, host } of holes) t.is(await ask(accomplice, host, 5000), 'first')
  for (const { inside } of holes) inside.removeAllListeners('message')
  await first.remove()
  const next = await world.create(slipway, 'next', AT)
  t.deepEqual(next.endpoints[0]?.addresses, [`${AT.ip}/16`, `${AT.ip6}/64`])
  for (const { family } of holes) serveUdp(t, next, 5000, family)
  for (const { accomplice, host } of holes) t.is(await ask(accomplice, host, 5000, NO_ANSWER), NO_ANSWER)
  // The next goes out by itself, from the same port.
  for (const family of [4, 6] as const) serveUdp(t, neighbour, 7000, family)
  t.is(await ask(openUdp(t, next, 5001, 4), NEIGHBOUR_ADDRESS, 7000), HOST_ADDRESS)
  t.is(await ask(openUdp(t, next, 5001, 6), NEIGHBOUR6, 7000), HOST6)
  t.true(portOf(holes[0]?.accomplice ?? openUdp(t, neighbour)) === 6000)
})

test.serial(
  'a process that lives on in a removed sandbox has no link any more when its address is free, and makes conntrack learn nothing',
  async (t) => {
    const { world, slipway } = await setUp(t)
    const { host } = world
    const app = await world.create(slipway, 'app', AT)
    const inside = openUdp(t, app, 5000)
    const sending = setInterval(() => inside.send('hole', 6000, NEIGHBOUR_ADDRESS, () => undefined), 2)
    t.teardown(() => clearInterval(sending))
    const known = () => execIn(host, 'conntrack', '-L', '-s', AT.ip)
    t.true(await eventually(() => known() !== ''))
    await app.remove()
    t.true(await eventually(() => !elements(host, 'addresses4').some(({ key }) => key === AT.ip)))
    t.notRegex(ip('-n', host.name, 'link'), new RegExp(app.endpoints[0]?.hostInterface ?? ''))
    execIn(host, 'nft', 'flush', 'ruleset')
    await world.create(slipway, 'next', AT)
    t.is(known(), '')
  },
)

test.serial(
  'a process that died has not told where the addresses of its sandbox were: the next open() does',
  async (t) => {
    const { world, slipway } = await setUp(t)
    const peer = await world.create(slipway, 'peer')
    const reachable = (place: Place) =>
      [AT.ip, AT.ip6].map((address) =>
        execIn(place, 'sh', '-c', `ping -c 1 -i 0.2 -w 3 ${address} > /dev/null && echo yes || echo no`).trim(),
      )
    const app = await world.create(slipway, 'app', { ...AT, mac: '02:52:00:00:00:01' })
    for (const place of [world.host, peer]) t.deepEqual(reachable(place), ['yes', 'yes'])
    // What is left of a removal whose process was killed before it gave the addresses up.
    rmSync(join(world.stateDir, String(statSync(world.host.path).ino), 'sandboxes', `${app.name}.json`))
    ip('netns', 'delete', app.name)
    const other = await world.open({ ipv6: true, fixedCidrV6: 'fd00:17::/64' })
    t.true(other.reconciled.collected.some((line) => line.includes(AT.ip)))
    t.notRegex(ip('-n', world.host.name, 'neigh', 'show', 'dev', 'docker0'), /172\.17\.5\.5 |fd00:17::55 /)
    await world.create(other, 'next', AT)
    for (const place of [world.host, peer]) t.deepEqual(reachable(place), ['yes', 'yes'], place.name)
  },
)

for (const [what, macs] of Object.entries({
  'a chosen MAC address after its own': [undefined, '02:52:00:00:00:01'],
  'its own after a chosen one': ['02:52:00:00:00:01', undefined],
  'another chosen one': ['02:52:00:00:00:01', '02:52:00:00:00:02'],
})) {
  test.serial(`an address comes back with ${what}: host and peers reach it at once`, async (t) => {
    const { world, slipway } = await setUp(t)
    const peer = await world.create(slipway, 'peer')
    const reachable = (place: Place) =>
      [AT.ip, AT.ip6].map((address) =>
        execIn(place, 'sh', '-c', `ping -c 1 -i 0.2 -w 3 ${address} > /dev/null && echo yes || echo no`).trim(),
      )
    const create = (name: string, mac?: string) =>
      world.create(slipway, name, { ...AT, ...(mac === undefined ? {} : { mac }), publish: ['8080:80'] })
    let app = await create('one', macs[0])
    for (const way of ['removed and created', 'disconnected and connected']) {
      for (const place of [world.host, peer])
        t.deepEqual(reachable(place), ['yes', 'yes'], `${way}: before, from ${place.name}`)
      if (way === 'removed and created') {
        await app.remove()
        app = await create('two', macs[1])
      } else {
        await app.disconnect('bridge')
        await app.connect('bridge', { ...AT, ...(macs[0] === undefined ? {} : { mac: macs[0] }) })
      }
      for (const place of [world.host, peer])
        t.deepEqual(reachable(place), ['yes', 'yes'], `${way}: from ${place.name}`)
      serveTcp(t, app, way === 'removed and created' ? 80 : 81)
    }
    t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080/`), NEIGHBOUR_ADDRESS)
  })
}

/** Counts what comes from the sandboxes' own addresses. */
function watchLeaks(place: Place): () => number {
  execIn(
    place,
    'nft',
    'add table inet watch; add chain inet watch arriving { type filter hook prerouting priority -310; }',
  )
  for (const subnet of ['ip saddr 172.16.0.0/12', 'ip6 saddr fd00:17::/64'])
    execIn(place, 'nft', `add rule inet watch arriving ${subnet} meta l4proto tcp counter comment "${subnet}"`)
  return () => Object.values(watchDrops(place, 'table', 'inet', 'watch')).reduce((sum, packets) => sum + packets, 0)
}

test.serial('what conntrack has forgotten does not leave under the address of a sandbox', async (t) => {
  const { world, slipway } = await setUp(t)
  const { host, neighbour } = world
  ip('-n', host.name, '-6', 'route', 'add', 'default', 'via', NEIGHBOUR6)
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  serveName(t, app, 'app')
  serveName(t, neighbour, 'neighbour')
  const leaks = watchLeaks(neighbour)
  const client = await connected(t, app, [NEIGHBOUR_ADDRESS, NEIGHBOUR6])
  const before = watchDrops(host)
  execIn(host, 'conntrack', '-F')
  client.stdin.end()
  t.true(await eventually(() => dropped(host, before, 'it would leave under its own address') >= 2))
  t.is(leaks(), 0)
})

test.serial('a segment out of the window makes the host reset nothing', async (t) => {
  const { world, slipway } = await setUp(t)
  const { host, neighbour } = world
  const app = await world.create(slipway, 'app')
  serveName(t, neighbour, 'neighbour')
  const client = await connected(t, app, [NEIGHBOUR_ADDRESS])
  const port =
    /sport=(\d+) dport=80 /.exec(
      execIn(host, 'conntrack', '-L', '-p', 'tcp', '--dport', '80')
        .split('\n')
        .find((line) => line.includes(NEIGHBOUR_ADDRESS)) ?? '',
    )?.[1] ?? '0'
  const before = watchDrops(host)
  execIn(neighbour, 'python3', '-c', OUT_OF_WINDOW, NEIGHBOUR_ADDRESS, HOST_ADDRESS, port)
  t.true(await eventually(() => dropped(host, before, 'what none does may be the connection of a sandbox') >= 1))
  client.stdin.write('next\n')
  t.is(String((await once(client.stdout, 'data'))[0]).trim(), 'neighbour')
})

test.serial('what the host itself resets is reset', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await world.create(slipway, 'app')
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8999/`), 'refused')
  t.is(await fetchFrom(world.host, 'http://127.0.0.1:8999/'), 'refused')
})

/**
 * Sends segments of which conntrack takes at least one for too early: what is late it lets pass, and where the window
 * is only the ends know.
 */
const OUT_OF_WINDOW = `
import socket, struct, sys
source, target, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
ends = socket.inet_aton(source) + socket.inet_aton(target)
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
for sequence in 0x12345678, 0x92345678:
    for acknowledged in 0x7fffffff, 0xffffffff:
        tcp = struct.pack('!HHLLBBHHH', 80, port, sequence, acknowledged, 5 << 4, 0x10, 1000, 0, 0)
        words = ends + struct.pack('!BBH', 0, 6, len(tcp)) + tcp
        total = sum(struct.unpack('!%dH' % (len(words) // 2), words))
        while total >> 16: total = (total & 0xffff) + (total >> 16)
        raw.sendto(tcp[:16] + struct.pack('!H', ~total & 0xffff) + tcp[18:], (target, 0))
`
