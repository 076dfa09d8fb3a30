import test from 'ava'
import type { Sandbox } from 'slipway'
import { addressesOf } from '../helpers/every-kind.js'
import { DualStackWorld, NEIGHBOUR } from '../helpers/dual-stack.js'
import { dropped, watchDrops } from '../helpers/drops.js'
import { elements } from '../helpers/snapshot.js'
import { holds, serveBoth, type Cast } from '../helpers/reach-table.js'
import { end, start } from '../helpers/command.js'
import { execIn, ip, type Place } from '../helpers/world.js'

/** A sandbox that passes on between its networks, and what it may send there. */

const NETWORKS = { left: 1, right: 2, third: 3 } as const
type Name = keyof typeof NETWORKS
const subnets = (network: Name) => [
  { subnet: `10.${NETWORKS[network]}.0.0/24` },
  { subnet: `fd00:${NETWORKS[network]}::/64` },
]

/** The way to another network, by a sandbox that is no router: its own administrator gives it. */
function route(place: Place, to: Name, through: Sandbox, on: Name): void {
  const via = addressesOf(through, on)
  for (const [index, { subnet }] of subnets(to).entries())
    ip('-n', place.name, 'route', 'add', subnet, 'via', index === 0 ? via[4] : via[6])
}

const kept = (world: DualStackWorld) =>
  [4, 6].flatMap((family) =>
    elements(world.host, `transit${family}`, 'bridge')
      .map(({ key }) => key.split(' . ').at(-1) ?? '')
      .sort(),
  )

for (const forwarding of [true, false]) {
  test.serial(
    forwarding ? 'a router passes on between its networks' : 'a sandbox that is none passes on nothing',
    async (t) => {
      const world = new DualStackWorld(t, true)
      const slipway = await world.open()
      for (const name of Object.keys(NETWORKS) as Name[])
        await slipway.networks.create({ name, ipv6: true, subnets: subnets(name) })
      const router = await world.create(slipway, 'router', { network: 'left', forwarding })
      await router.connect('right')
      t.is(router.forwarding, forwarding)
      const sides: Record<string, Sandbox> = {}
      const cast: Cast = { neighbour: { place: world.neighbour, at: NEIGHBOUR } }
      for (const [name, network, other] of [
        ['one', 'left', 'right'],
        ['two', 'right', 'left'],
      ] as const) {
        const side = await world.create(slipway, name, { network })
        sides[name] = side
        if (!forwarding) route(side, other, router, network)
        serveBoth(t, side, 80)
        cast[name] = { place: side, at: addressesOf(side) }
      }
      const [one, two] = [sides['one'] as Sandbox, sides['two'] as Sandbox]
      await holds(
        t,
        cast,
        forwarding
          ? `
          from  one:80  two:80
          one   .       one
          two   two     .`
          : `
          from  one:80  two:80
          one   .       -
          two   -       .`,
      )
      if (!forwarding) {
        t.deepEqual(kept(world), [])
        return
      }
      // Echoes, and the errors of what is beyond.
      for (const address of Object.values(addressesOf(two)))
        t.notThrows(() => execIn(one, 'ping', '-c', '1', '-W', '5', address))
      t.regex(
        execIn(one, 'sh', '-c', `python3 -c "${CLOSED}" ${addressesOf(two)[4]} ${addressesOf(two)[6]}`),
        /^refused refused$/m,
      )

      // Nothing from elsewhere, and nothing in the name of who is beside.
      const before = watchDrops(world.host)
      for (const from of ['10.3.0.9', '192.0.2.77', addressesOf(one)[4]])
        execIn(router, 'python3', '-c', SPOOF, from, addressesOf(one)[4], 'eth0')
      t.is(dropped(world.host, before, 'not its own'), 3)
      execIn(router, 'python3', '-c', SPOOF, addressesOf(two)[4], addressesOf(one)[4], 'eth0')
      t.is(dropped(world.host, before, 'not its own'), 3)

      t.deepEqual(kept(world), ['10.1.0.0/24', '10.2.0.0/24', 'fd00:1::/64', 'fd00:2::/64'])
      await router.connect('third')
      t.is(kept(world).length, 12)
      await router.disconnect('third')
      t.is(kept(world).length, 4)
      // What somebody has taken away is given back.
      for (const family of [4, 6]) execIn(world.host, 'nft', 'flush', 'set', 'bridge', 'slipway', `transit${family}`)
      t.deepEqual((await world.open()).reconciled.healed, [router.name])
      t.is(kept(world).length, 4)
      execIn(world.host, 'nft', 'flush', 'ruleset')
      t.deepEqual((await world.open()).reconciled.healed.includes(router.name), true)
      await holds(t, cast, 'from  two:80\none  one')
      await router.remove()
      t.deepEqual(kept(world), [])
    },
  )
}

test.serial('the command makes one, from a name of a network with IPv4 alone', async (t) => {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open()
  for (const name of ['left', 'right'] as const)
    await slipway.networks.create({ name, subnets: subnets(name).slice(0, 1) })
  const one = await world.create(slipway, 'one', { network: 'left' })
  const routed = () => execIn(one, 'ip', 'route', 'show', subnets('right')[0]?.subnet ?? '').trim()
  const name = world.name('router')
  const made = await end(start(world, ['create', '--name', name, '--network', 'left', '--forwarding']))
  t.is(made.status, 0, made.stderr)
  const joined = await end(start(world, ['connect', name, 'right']))
  t.is(joined.status, 0, joined.stderr)
  const router = await slipway.sandboxes.get(name)
  t.true(router.forwarding)
  t.is(execIn(router, 'sysctl', '-n', 'net.ipv4.ip_forward').trim(), '1')
  t.deepEqual(kept(world), ['10.1.0.0/24', '10.2.0.0/24'])
  t.is(routed(), `10.2.0.0/24 via ${addressesOf(router, 'left')[4]} dev eth0 proto 115 metric 2048`)
  const removed = await end(start(world, ['rm', name]))
  t.is(removed.status, 0, removed.stderr)
  t.is(routed(), '')
  for (const network of ['host', 'none'])
    await t.throwsAsync(slipway.sandboxes.create({ network, forwarding: true }), { code: 'INVALID_ARGUMENT' })
})

const CLOSED = `
import socket, sys
def ask(address):
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect((address, 7))
    try:
        s.send(b'x')
        s.recv(1)
    except ConnectionRefusedError: return 'refused'
    except OSError as e: return str(e)
print(*[ask(address) for address in sys.argv[1:]])
`

/** A datagram in the name of another, to a neighbour by its MAC address. */
const SPOOF = `
import socket, struct, sys
source, to, link = sys.argv[1:]
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
udp = struct.pack('!HHHH', 1, 9, 8, 0)
head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 28, 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(to))
s.sendto(head + udp, (to, 0))
`
