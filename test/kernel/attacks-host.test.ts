import { tryAttacks } from '../helpers/attack-table.js'
import { begin, linkLocalOf, send, type Cell } from '../helpers/cells.js'
import { HOST, OTHER_HOST, SPARE, type Addresses } from '../helpers/dual-stack.js'
import { addressesOn } from '../helpers/every-kind.js'
import * as frames from '../helpers/frames.js'
import { MARKED_PORT } from '../helpers/seen.js'
import { execIn } from '../helpers/world.js'

/**
 * What a sandbox may send to the host and by it, on every kind of network: each cell is frames that are sent, counted
 * where the host takes them for itself, and at a neighbour on the network that publishes one port.
 */

tryAttacks({
  async 'the host at all of its addresses, which is not there on an isolated network'(t, cell, title) {
    const { attacker, bridge, taken } = cell
    const own = [HOST, OTHER_HOST, SPARE, addressesOn('bridge', 1), addressesOn('other', 1)]
    const isolated = cell.network === 'isolated'
    send(cell, ...own.flatMap((at) => both((family) => datagram(cell, bridge.mac, at[family], family))))
    t.is(await taken.reaches(isolated ? 0 : 10), isolated ? 0 : 10, title)
    if (!isolated) return
    const group = (mac: string, address: string, from = attacker.at[4]) =>
      frames.udpFrame({ ether: { from: attacker.mac, to: mac }, from, to: address }, MARKED_PORT, 'all')
    send(
      cell,
      ...both((family) => datagram(cell, frames.BROADCAST, HOST[family], family)),
      ...both((family) => datagram(cell, bridge.mac, bridge.at[family], family)),
      group(frames.BROADCAST, '255.255.255.255'),
      group('01:00:5e:00:00:01', '224.0.0.1'),
      group(frames.ALL_NODES.mac, frames.ALL_NODES.address, attacker.at[6]),
      group(bridge.mac, 'fe80::1', linkLocalOf(attacker.sandbox)),
      ...both((family) =>
        frames.echoRequest({
          ether: { from: attacker.mac, to: bridge.mac },
          from: attacker.at[family],
          to: HOST[family],
        }),
      ),
      ...own.flatMap((at) => whoHas(cell, at)),
    )
    t.true((await bridge.seen.reaches(8)) >= 8, title)
    t.is(await bridge.seen.reaches(2, 'pings'), 2, title)
    for (const kind of ['marked', 'pings'] as const) t.is(taken.count(kind), 0, title)
    t.is(attacker.seen.count('answers'), 0, title)
  },

  async 'who has an address: the gateway has'(t, cell, title) {
    // Where there is no gateway, a sandbox has the address that would be its.
    if (cell.network === 'isolated') return
    send(cell, ...whoHas(cell, cell.bridge.at))
    t.is(await cell.attacker.seen.reaches(2, 'answers'), 2, title)
  },

  async "the host's loopback, and from it"(t, cell, title) {
    const { attacker, bridge, taken } = cell
    const ether = { from: attacker.mac, to: bridge.mac }
    send(
      cell,
      ...['127.0.0.1', '127.9.9.9'].map((to) =>
        frames.udpFrame({ ether, from: attacker.at[4], to }, MARKED_PORT, 'to loopback'),
      ),
    )
    send(cell, frames.udpFrame({ ether, from: '127.0.0.1', to: HOST[4] }, MARKED_PORT, 'from loopback'))
    send(
      cell,
      ...['::1', '::ffff:127.0.0.1', `::ffff:${HOST[4]}`].map((to) =>
        frames.udpFrame({ ether, from: attacker.at[6], to }, MARKED_PORT, 'to loopback'),
      ),
    )
    send(
      cell,
      ...['::1', '::ffff:127.0.0.1', '::'].map((from) =>
        frames.udpFrame({ ether, from, to: HOST[6] }, MARKED_PORT, 'from loopback'),
      ),
    )
    send(cell, frames.echoRequest({ ether, from: attacker.at[4], to: HOST[4] }))
    t.is(await bridge.seen.reaches(1, 'pings'), 1, title)
    t.is(taken.count(), 0, title)
  },

  async 'a neighbour by the gateway, which only published ports of its own address are reached by without icc'(
    t,
    cell,
    title,
  ) {
    const { network, attacker, victim, bridge } = cell
    send(
      cell,
      ...both((family) => datagram(cell, bridge.mac, victim.at[family], family)),
      ...both((family) =>
        frames.echoRequest({
          ether: { from: attacker.mac, to: bridge.mac },
          from: attacker.at[family],
          to: victim.at[family],
        }),
      ),
    )
    t.is(await bridge.seen.reaches(2, 'pings'), 2, title)
    const passed = network === 'apart' || network === 'isolated' ? [0, 0] : network === 'routed-apart' ? [2, 0] : [2, 2]
    t.deepEqual(
      [await victim.seen.reaches(passed[0] ?? 0), await victim.seen.reaches(passed[1] ?? 0, 'pings')],
      passed,
      title,
    )
  },

  // Connection tracking would take them to whom they are for, in whichever network: one ends what a victim has begun
  // with the world.
  async "errors about others' connections, and about its own"(t, cell, title) {
    const { attacker, victim, bridge, near } = cell
    const begun = (family: 4 | 6) =>
      frames.udpFrame(
        { ether: { from: victim.mac, to: bridge.mac }, from: victim.at[family], to: HOST[family] },
        9,
        'begun',
      )
    frames.sendFrames(victim.sandbox, both(begun))
    // From the host, where nothing listens.
    const there = cell.network === 'isolated' ? 0 : 2
    t.is(await victim.seen.reaches(there, 'errors'), there, title)
    begin(cell)
    for (const mac of near ? [bridge.mac, victim.mac] : [bridge.mac]) {
      const lie = (family: 4 | 6, type: number, code: number) =>
        frames.icmpError(
          { ether: { from: attacker.mac, to: mac }, from: attacker.at[family], to: victim.at[family] },
          begun(family),
          type,
          code,
        )
      const v4 = [
        [3, 3],
        [3, 4],
        [4, 0],
        [5, 1],
        [11, 0],
        [12, 0],
      ].map(([type = 0, code = 0]) => lie(4, type, code))
      const v6 = [
        [1, 4],
        [2, 0],
        [3, 0],
        [4, 0],
      ].map(([type = 0, code = 0]) => lie(6, type, code))
      send(
        cell,
        ...v4,
        ...v6,
        ...v6.flatMap((frame) => [
          frames.behindOptions(frame),
          ...frames.inFragments(frame, 8),
          ...frames.inFragments(frames.behindOptions(frame), 8),
        ]),
      )
    }
    // Nothing listens there: its kernel says so.
    const asked = { sender: near ? victim.mac : bridge.mac, at: near ? victim.at : bridge.at }
    const question = both((family) =>
      frames.udpFrame(
        { ether: { from: asked.sender, to: attacker.mac }, from: asked.at[family], to: attacker.at[family] },
        9,
        'closed?',
      ),
    )
    if (near) frames.sendFrames(victim.sandbox, question)
    else frames.sendFrames(cell.host, question, bridge.name)
    const { seen } = near ? victim : bridge
    t.is(await seen.reaches(2, 'errors'), 2, title)
    if (!near) t.is(victim.seen.count('errors'), 0, title)
    for (const address of Object.values(asked.at))
      execIn(attacker.sandbox, 'ping', '-nq', '-c', '1', '-W', '5', '-s', '4000', address)
  },
})

const both = <T>(make: (family: 4 | 6) => T): T[] => ([4, 6] as const).map(make)

const datagram = ({ attacker }: Cell, mac: string, to: string, family: 4 | 6): Buffer =>
  frames.udpFrame(
    { ether: { from: attacker.mac, to: mac }, from: attacker.at[family], to },
    MARKED_PORT,
    'are you there?',
  )

const whoHas = ({ attacker }: Cell, at: Addresses): Buffer[] => [
  frames.arpRequest({ ether: { from: attacker.mac, to: frames.BROADCAST }, from: attacker.at[4], to: at[4] }),
  frames.neighbourSolicitation(
    { ether: { from: attacker.mac, to: frames.ALL_NODES.mac }, from: attacker.at[6], to: frames.ALL_NODES.address },
    at[6],
  ),
]
