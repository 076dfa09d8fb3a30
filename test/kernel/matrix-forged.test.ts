import test, { type ExecutionContext } from 'ava'
import type { Endpoint, Sandbox } from 'slipway'
import { dropped, watchDrops, type Drops } from '../helpers/drops.js'
import { HOST, NEIGHBOUR, type Addresses } from '../helpers/dual-stack.js'
import { addressesOf, addressesOn, everyKind, type EveryKind } from '../helpers/every-kind.js'
import {
  ALL_NODES,
  arpReply,
  neighbourAdvertisement,
  redirect,
  routerAdvertisement,
  sendFrame,
  udpFrame,
  type Ends,
} from '../helpers/frames.js'
import { openUdp } from '../helpers/traffic.js'
import { eventually, execIn, ipJson, type Place } from '../helpers/world.js'

/**
 * What sandboxes and neighbours may not send, on networks that were made through the library: every frame is seen to be
 * dropped, by which rule, and not to arrive; the same one without the lie arrives.
 */

/** A frame, and the rule that drops it. Without one it arrives, or the kernel itself drops it. */
type Attempt = readonly [what: string, from: Place, link: string, frame: Buffer, drops?: string | undefined]

const WHO = ['app', 'beside', 'two', 'lone', 'lonely']
const SENDER = 'not its own'
const APART = 'to the bridge alone'

for (const bridgeCallsIptables of [true, false]) {
  const either = (title: string) => `br_netfilter ${bridgeCallsIptables ? 'on' : 'off'}: ${title}`

  for (const family of [4, 6] as const) {
    test.serial(either(`datagrams under false addresses, IPv${family}`), async (t) => {
      const every = await everyKind(t, { bridgeCallsIptables, only: WHO })
      const { world } = every
      const { app, beside, two, lone, lonely } = members(every)
      const bridge = macOf(world.host, app.bridge)
      const uplink = { from: macOf(world.neighbour, 'eth0'), to: macOf(world.host, 'uplink') }
      const toApp = (who: Member, from: Addresses, mac = who.mac) => ({
        ether: { from: mac, to: app.mac },
        from: from[family],
        to: app.at[family],
      })
      const there = two.sandbox.endpoints.find(({ network }) => network === 'other')
      const outThere = { from: there?.mac ?? '', to: macOf(world.host, bridgeOf(world.host, there)) }
      const loopback = { 4: '127.0.0.9', 6: '::1' }[family]
      // Of ::1 the kernel takes care by itself.
      const guarded = (what: string) => (family === 4 ? `a neighbour may not ${what} loopback` : undefined)
      const udp = (ends: Ends, text: string, port = 80) => udpFrame(ends, port, text)

      const texts = collect(t, [app.sandbox, lonely.sandbox], family)
      await attempt(t, world.host, [
        ['its own', beside.sandbox, 'eth0', udp(toApp(beside, beside.at), 'true')],
        ["another sandbox's address", beside.sandbox, 'eth0', udp(toApp(beside, two.at), 'lie'), SENDER],
        [
          "another sandbox's address and MAC",
          beside.sandbox,
          'eth0',
          udp(toApp(beside, two.at, two.mac), 'lie'),
          SENDER,
        ],
        ["another sandbox's MAC", beside.sandbox, 'eth0', udp(toApp(beside, beside.at, two.mac), 'lie'), SENDER],
        ["the gateway's address", beside.sandbox, 'eth0', udp(toApp(beside, addressesOn('web', 1)), 'lie'), SENDER],
        [
          "the gateway's address and MAC",
          beside.sandbox,
          'eth0',
          udp(toApp(beside, addressesOn('web', 1), bridge), 'lie'),
          SENDER,
        ],
        ["the neighbour's address", beside.sandbox, 'eth0', udp(toApp(beside, NEIGHBOUR), 'lie'), SENDER],
        [
          'an address that nobody has',
          beside.sandbox,
          'eth0',
          udp(toApp(beside, addressesOn('web', 99)), 'lie'),
          SENDER,
        ],
        [
          'the address of its first interface, from the second',
          two.sandbox,
          'eth1',
          udp({ ether: outThere, from: two.at[family], to: HOST[family] }, 'lie', 8080),
          SENDER,
        ],
        [
          'that of its second',
          two.sandbox,
          'eth1',
          udp({ ether: outThere, from: addressesOf(two.sandbox, 'other')[family], to: HOST[family] }, 'true', 8080),
        ],
        [
          'to a neighbour on a network without icc',
          lone.sandbox,
          'eth0',
          udp({ ether: { from: lone.mac, to: lonely.mac }, from: lone.at[family], to: lonely.at[family] }, 'lie'),
          APART,
        ],
        [
          'to its published port',
          lone.sandbox,
          'eth0',
          udp(
            { ether: { from: lone.mac, to: macOf(world.host, lone.bridge) }, from: lone.at[family], to: HOST[family] },
            'true',
            8088,
          ),
        ],
        [
          'from the neighbour',
          world.neighbour,
          'eth0',
          udp({ ether: uplink, from: NEIGHBOUR[family], to: HOST[family] }, 'true', 8080),
        ],
        [
          'from its loopback',
          world.neighbour,
          'eth0',
          udp({ ether: uplink, from: loopback, to: HOST[family] }, 'lie', 8080),
          guarded('come from'),
        ],
        [
          'to the loopback of the host',
          world.neighbour,
          'eth0',
          udp({ ether: uplink, from: NEIGHBOUR[family], to: loopback }, 'lie', 8080),
          guarded('send to'),
        ],
        [
          'from loopback to loopback',
          world.neighbour,
          'eth0',
          udp({ ether: uplink, from: loopback, to: loopback }, 'lie', 8080),
          guarded('send to'),
        ],
        [
          'from the neighbour, after all of that',
          world.neighbour,
          'eth0',
          udp({ ether: uplink, from: NEIGHBOUR[family], to: HOST[family] }, 'last', 8080),
        ],
      ])
      await eventually(() => texts.includes('last'))
      t.deepEqual(texts.sort(), ['last', 'true', 'true', 'true', 'true'])
    })
  }

  test.serial(either('false neighbours and routers'), async (t) => {
    const every = await everyKind(t, { bridgeCallsIptables, only: WHO })
    const { host } = every.world
    const { app, beside, two } = members(every)
    const bridge = macOf(host, app.bridge)
    const gateway = addressesOn('web', 1)
    // They have spoken, and know where each other are.
    for (const whom of [gateway, beside.at])
      for (const family of [4, 6] as const) execIn(app.sandbox, 'ping', '-nq', '-c', '1', '-W', '5', whom[family])
    const tell = (ether: Ends['ether'], family: 4 | 6, about: Addresses, to: Addresses, from = about) => ({
      ether,
      from: (family === 4 ? about : from)[family],
      to: to[family],
    })
    const toApp = { from: beside.mac, to: app.mac }
    const toBridge = { from: beside.mac, to: bridge }
    await attempt(t, host, [
      [
        'ARP: the gateway is here',
        beside.sandbox,
        'eth0',
        arpReply(tell(toApp, 4, gateway, app.at), beside.mac),
        SENDER,
      ],
      ['ARP: app is here', beside.sandbox, 'eth0', arpReply(tell(toBridge, 4, app.at, gateway), beside.mac), SENDER],
      [
        'ARP: I am somewhere else',
        beside.sandbox,
        'eth0',
        arpReply(tell(toApp, 4, beside.at, app.at), two.mac),
        SENDER,
      ],
      ['ARP: I am here', beside.sandbox, 'eth0', arpReply(tell(toApp, 4, beside.at, app.at), beside.mac)],
      [
        'ND: the gateway is here',
        beside.sandbox,
        'eth0',
        neighbourAdvertisement(tell(toApp, 6, gateway, app.at, beside.at), gateway[6], beside.mac),
        SENDER,
      ],
      [
        'ND: app is here',
        beside.sandbox,
        'eth0',
        neighbourAdvertisement(tell(toBridge, 6, app.at, gateway, beside.at), app.at[6], beside.mac),
        SENDER,
      ],
      [
        'ND: I am here',
        beside.sandbox,
        'eth0',
        neighbourAdvertisement(tell(toApp, 6, beside.at, app.at), beside.at[6], beside.mac),
      ],
      [
        'I am a router',
        beside.sandbox,
        'eth0',
        routerAdvertisement({
          ether: { from: beside.mac, to: ALL_NODES.mac },
          from: beside.at[6],
          to: ALL_NODES.address,
        }),
        'a sandbox is no router',
      ],
      [
        'I know a better one',
        beside.sandbox,
        'eth0',
        redirect({ ether: toApp, from: beside.at[6], to: app.at[6] }, beside.at[6], NEIGHBOUR[6]),
        'nor does it know better ones',
      ],
    ])
    for (const family of [4, 6] as const) {
      t.is(believed(app.sandbox, gateway[family]), bridge)
      t.is(believed(host, app.at[family]), app.mac)
      t.is(believed(app.sandbox, beside.at[family]), beside.mac)
    }
  })
}

/** Sends each frame, and sees that it is dropped by its rule, or by none. */
async function attempt(t: ExecutionContext, host: Place, attempts: readonly Attempt[]): Promise<void> {
  for (const [what, from, link, frame, drops] of attempts) {
    const before = watchDrops(host)
    sendFrame(from, frame, link)
    if (drops === undefined) t.deepEqual(without(watchDrops(host)), without(before), what)
    else t.true(await eventually(() => dropped(host, before, drops) === 1), what)
  }
}

/** The kernel's own multicasts are dropped where they have nothing to look for. */
const without = ({ 'nothing else gets into a network': _, ...rest }: Drops) => rest

/** What UDP servers on port 80 hear. */
function collect(t: ExecutionContext, places: readonly Place[], family: 4 | 6): string[] {
  const texts: string[] = []
  for (const place of places) openUdp(t, place, 80, family).on('message', (text) => texts.push(String(text)))
  return texts
}

interface Member {
  sandbox: Sandbox
  at: Addresses
  mac: string
  bridge: string
}

function members({ world, sandboxes }: EveryKind): Record<'app' | 'beside' | 'two' | 'lone' | 'lonely', Member> {
  const of = (name: string): Member => {
    const sandbox = sandboxes[name]
    const [endpoint] = sandbox?.endpoints ?? []
    if (!sandbox || !endpoint) throw new Error(`there is no ${name}`)
    return { sandbox, at: addressesOf(sandbox), mac: endpoint.mac, bridge: bridgeOf(world.host, endpoint) }
  }
  return { app: of('app'), beside: of('beside'), two: of('two'), lone: of('lone'), lonely: of('lonely') }
}

const bridgeOf = (host: Place, endpoint: Endpoint | undefined) =>
  ipJson<{ master: string }>(host, 'link', 'show', 'dev', endpoint?.hostInterface ?? '')[0]?.master ?? ''

const macOf = (place: Place, link: string) =>
  ipJson<{ address: string }>(place, 'link', 'show', 'dev', link)[0]?.address ?? ''

/** The MAC address that a place believes an address to be at. */
const believed = (place: Place, address: string) =>
  ipJson<{ lladdr?: string }>(place, 'neighbor', 'show', address)[0]?.lladdr
