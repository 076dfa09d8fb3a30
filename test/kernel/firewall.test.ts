import test, { type ExecutionContext } from 'ava'
import type { IpFamily } from '#lib/base/addresses/ip.js'
import { HOST, NEIGHBOUR, OTHER_HOST, SPARE, STRANGER } from '../helpers/dual-stack.js'
import { DualWorld, onBoth } from '../helpers/networks.js'
import { serveBoth, type Cast } from '../helpers/reach-table.js'
import { NO_ANSWER, reaches, REFUSED, type Row } from '../helpers/traffic.js'
import { runIn, type Place } from '../helpers/world.js'

/**
 * What the rules promise about networks of every kind: who reaches whom, and under which address. Every line of the
 * table is four connections, TCP and UDP over IPv4 and IPv6; all of it holds with and without br_netfilter.
 */

/** From whom, to whom and which port, and whom the server sees: or that there is no answer. */
const TABLE = `
  # a network that translates, as docker's are: sandboxes "one" and "two"; one's port 80 is the host's 8080
  one         two:80          one
  two         host:8080       gateway
  one         host:8080       gateway
  host        one:80          gateway
  host        host:8080       host
  neighbour   host:8080       neighbour
  neighbour   host:80         refused
  neighbour   one:80          no answer
  one         neighbour:8000  host
  one         host:8000       one

  # another such network, with "far": they meet at published ports only
  far         one:80          no answer
  one         far:80          no answer
  far         host:8080       far

  # a port of one host address, which leads to far
  neighbour   other host:8089  neighbour
  one         other host:8089  one
  neighbour   host:8089       refused

  # a host address that is all far's
  neighbour   spare:80        neighbour
  neighbour   spare:81        neighbour
  host        spare:80        spare
  one         spare:80        one
  far         spare:81        far gateway

  # an allow-list: the host's 8087, which leads to two, is for the neighbour
  neighbour   host:8087       neighbour
  stranger    host:8087       no answer
  one         host:8087       no answer
  host        host:8087       host

  # an internal network: its port is published in vain
  shy         shy too:80      shy
  shy         neighbour:8000  no answer
  shy         one:80          no answer
  shy         host:8080       no answer
  shy         shy gateway:8000  shy
  host        shy:80          shy gateway
  one         shy:80          no answer
  neighbour   shy:80          no answer
  neighbour   host:8082       no answer

  # gateway mode routed, port 80 open
  neighbour   routed:80       neighbour
  neighbour   routed:81       no answer
  one         routed:80       one
  one         routed:81       no answer
  routed      neighbour:8000  routed
  routed      one:80          no answer

  # gateway mode nat-unprotected
  neighbour   bare:80         neighbour
  neighbour   bare:81         neighbour
  one         bare:80         no answer
  bare        neighbour:8000  host

  # the uplink is a trusted interface, port 80 is the host's 8085
  neighbour   trusting:80     neighbour
  neighbour   trusting:81     no answer
  neighbour   host:8085       neighbour
  one         trusting:80     no answer

  # traffic leaves under an address of choice
  sourced     neighbour:8000  other host
  sourced     host:8000       sourced

  # no icc: "lone" and "lonely" meet at lonely's published port
  lone        lonely:80       no answer
  lone        host:8088       lone gateway
  lonely      host:8088       lone gateway
  neighbour   host:8088       neighbour
  lone        neighbour:8000  host
  lone        lone gateway:8000  lone
  host        lone:80         lone gateway
`

const lines = TABLE.split('\n').flatMap((line) => {
  const [from, to, outcome] = line.trim().split(/ {2,}/)
  return from && to && outcome ? [[from, to, outcome] as const] : []
})

for (const bridgeCallsIptables of [true, false]) {
  const either = (title: string) => `br_netfilter ${bridgeCallsIptables ? 'on' : 'off'}: ${title}`

  test.serial(either('who reaches whom'), async (t) => {
    const { cast, world } = await setUp(t, bridgeCallsIptables)
    for (const family of [4, 6] as const) {
      for (const protocol of ['tcp', 'udp'] as const)
        await reaches(
          t,
          protocol,
          lines.map((line) => rowOf(cast, family, protocol, line)),
        )
    }
    // ::1 is the client's own, and no way leads back to it: refused at once.
    await reaches(t, 'tcp', [
      [world.host, '127.0.0.1:8080', cast['gateway']?.at[4] ?? ''],
      [world.host, '[::1]:8080', REFUSED],
    ])
    for (const family of [4, 6] as const) {
      t.true(await pings(world.neighbour, cast, 'routed', family))
      t.true(await pings(world.neighbour, cast, 'bare', family))
      t.false(await pings(world.neighbour, cast, 'one', family))
      t.false(await pings(world.neighbour, cast, 'trusting', family))
    }
  })
}

async function setUp(t: ExecutionContext, bridgeCallsIptables: boolean): Promise<{ cast: Cast; world: DualWorld }> {
  const world = await DualWorld.make(t, bridgeCallsIptables)
  const nat = await world.network(1)
  const otherNat = await world.network(2)
  const internal = await world.network(3, { internal: true })
  const routed = await world.network(4, { rules: { mode: 'routed', masquerade: true } })
  const unprotected = await world.network(5, { rules: { mode: 'nat-unprotected', masquerade: true } })
  const trusting = await world.network(6, { trusted: ['uplink'] })
  const sourced = await world.network(7, { source: OTHER_HOST })
  const apart = await world.network(8, { icc: false })

  const port = (hostPort: number, allow?: string[]) =>
    (['tcp', 'udp'] as const).flatMap((protocol) =>
      onBoth({ protocol, containerPort: 80, hostPort, ...(allow ? { allow } : {}) }),
    )
  const whole = [SPARE[4], SPARE[6]].map((hostIp) => ({
    protocol: 'all' as const,
    containerPort: 0,
    hostIp,
    hostPort: 0,
  }))
  const onOtherHost = (['tcp', 'udp'] as const).flatMap((protocol) =>
    [OTHER_HOST[4], OTHER_HOST[6]].map((hostIp) => ({ protocol, containerPort: 80, hostIp, hostPort: 8089 })),
  )
  const guests = {
    one: await world.guest(nat, 2, port(8080)),
    two: await world.guest(nat, 3, port(8087, [`${NEIGHBOUR[4]}/32`, 'fd00:99::8/125'])),
    far: await world.guest(otherNat, 2, [...whole, ...onOtherHost]),
    shy: await world.guest(internal, 2, port(8082)),
    'shy too': await world.guest(internal, 3),
    routed: await world.guest(routed, 2, [], port(8084)),
    bare: await world.guest(unprotected, 2),
    trusting: await world.guest(trusting, 2, port(8085), port(8085)),
    sourced: await world.guest(sourced, 2),
    lone: await world.guest(apart, 2),
    lonely: await world.guest(apart, 3, port(8088)),
  }
  const { host, neighbour } = world
  const cast: Cast = {
    ...Object.fromEntries(Object.entries(guests).map(([name, guest]) => [name, { place: guest, at: guest.addresses }])),
    host: { place: host, at: HOST },
    'other host': { place: host, at: OTHER_HOST },
    spare: { place: host, at: SPARE },
    gateway: { place: host, at: nat.gateway },
    'far gateway': { place: host, at: otherNat.gateway },
    'shy gateway': { place: host, at: internal.gateway },
    'lone gateway': { place: host, at: apart.gateway },
    neighbour: { place: neighbour, at: NEIGHBOUR },
    stranger: { place: neighbour, at: STRANGER, sendsFrom: true },
  }
  for (const guest of Object.values(guests)) for (const number of [80, 81]) serveBoth(t, guest, number)
  for (const place of [host, neighbour]) serveBoth(t, place, 8000)
  return { cast, world }
}

function rowOf(
  cast: Cast,
  family: IpFamily,
  protocol: 'tcp' | 'udp',
  [from, to, outcome]: readonly [string, string, string],
): Row {
  const member = (name: string) => {
    const found = cast[name]
    if (!found) throw new Error(`nobody is called "${name}"`)
    return found
  }
  const [whom = '', port] = to.split(':')
  const address = member(whom).at[family]
  const { place, at, sendsFrom } = member(from)
  // UDP has no refusal that this client would see.
  const expected = outcome === REFUSED && protocol === 'udp' ? NO_ANSWER : outcome
  return [
    { ...place, address: sendsFrom ? at[family] : undefined },
    `${family === 6 ? `[${address}]` : address}:${port}`,
    expected === NO_ANSWER || expected === REFUSED ? expected : member(expected).at[family],
  ]
}

async function pings(from: Place, cast: Cast, whom: string, family: IpFamily): Promise<boolean> {
  const address = cast[whom]?.at[family] ?? ''
  const { code } = await runIn(from, 'ping', '-nq', '-c', '1', '-W', '1', address)
  if (code > 1) throw new Error(`ping ${address} ended with status ${code}`)
  return code === 0
}
