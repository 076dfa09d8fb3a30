import { AIM_PORT, honest, LOOPBACK_PORT, tryAttacks } from '../helpers/attack-table.js'
import { linkLocalOf, send, type Cell } from '../helpers/cells.js'
import { HOST, NEIGHBOUR, OTHER_HOST, type Addresses } from '../helpers/dual-stack.js'
import * as frames from '../helpers/frames.js'
import { oddPackets, tunnels } from '../helpers/odd-packets.js'
import { MARKED_PORT } from '../helpers/seen.js'
import { execIn, ipJson } from '../helpers/world.js'

/** What a sandbox may send of other protocols, and where it arrives, on every kind of network. */

tryAttacks(
  {
    async 'packets of every protocol into the world, under the address of the host or not at all'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, bridge, outside, internal, network } = cell
      for (const family of [4, 6] as const) {
        const ends = { ether: { from: attacker.mac, to: bridge.mac }, from: attacker.at[family], to: NEIGHBOUR[family] }
        all.push(...oddPackets(ends, HOST[family]), ...tunnels(ends, { ...ends, to: HOST[family] }))
        all.push(frames.udpFrame(ends, MARKED_PORT, 'hello'))
      }
      send(cell, ...all)
      const [arrives, passes] = internal ? [0, 0] : [2, 20]
      t.is(await outside.reaches(arrives), arrives, title)
      t.true((await outside.reaches(passes, 'odd')) >= passes, title)
      if (internal) t.is(outside.count('odd'), 0, title)
      if (internal || !network.startsWith('routed')) t.is(outside.count('private'), 0, title)
    },

    async 'packets of every protocol to a sandbox of another network'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, bridge, internal, aim, host } = cell
      const settings = ['ipv4', 'ipv6'].flatMap((family) =>
        ['all', bridge.name].map((where) => `net.${family}.conf.${where}.accept_source_route=1`),
      )
      execIn(host, 'sysctl', '-qw', ...settings)
      for (const family of [4, 6] as const) {
        const ends = (to: string) => ({ ether: { from: attacker.mac, to: bridge.mac }, from: attacker.at[family], to })
        for (const to of [aim.at[family], HOST[family], bridge.at[family]]) {
          all.push(...oddPackets(ends(to), aim.at[family]), ...tunnels(ends(to), ends(aim.at[family])))
        }
        all.push(frames.udpFrame(ends(HOST[family]), AIM_PORT, 'published'))
      }
      send(cell, ...all)
      const arrives = internal ? 0 : 2
      t.is(await aim.seen.reaches(arrives), arrives, title)
      for (const kind of ['odd', 'inner'] as const) t.is(aim.seen.count(kind), 0, title)
    },

    async 'packets of every protocol to a neighbour that it may not talk to, by the gateway and directly'(
      t,
      cell,
      title,
    ) {
      const all: Buffer[] = []
      const { attacker, victim, bridge, near, separated } = cell
      for (const family of [4, 6] as const) {
        const ends = (mac: string, to: string) => ({
          ether: { from: attacker.mac, to: mac },
          from: attacker.at[family],
          to,
        })
        const directly = ends(victim.mac, victim.at[family])
        for (const one of [directly, ends(bridge.mac, victim.at[family]), ends(bridge.mac, bridge.at[family])]) {
          all.push(...oddPackets(one, victim.at[family]), ...tunnels(one, { ...one, to: victim.at[family] }))
        }
        if (near) all.push(frames.udpFrame(directly, MARKED_PORT, 'directly'))
      }
      send(cell, ...all)
      await honest(t, cell, title)
      t.is(await victim.seen.reaches(near ? 2 : 0), near ? 2 : 0, title)
      t.is(victim.seen.count('inner'), 0, title)
      if (separated) t.is(victim.seen.count('odd'), 0, title)
    },

    async 'packets of every protocol to the host, which on an isolated network takes none, and looks into none elsewhere'(
      t,
      cell,
      title,
    ) {
      const all: Buffer[] = []
      const { attacker, bridge, taken, outside, network } = cell
      for (const family of [4, 6] as const) {
        const ends = (mac: string, to: string) => ({
          ether: { from: attacker.mac, to: mac },
          from: attacker.at[family],
          to,
        })
        for (const to of [HOST[family], bridge.at[family]]) {
          for (const one of [ends(bridge.mac, to), ends(frames.BROADCAST, to)]) {
            all.push(...oddPackets(one, NEIGHBOUR[family]), ...tunnels(one, ends(bridge.mac, NEIGHBOUR[family])))
          }
        }
      }
      send(cell, ...all)
      await honest(t, cell, title)
      const there = network === 'isolated' ? 0 : 20
      t.true((await taken.reaches(there, 'odd')) >= there, title)
      if (network === 'isolated') t.is(taken.count('odd'), 0, title)
      for (const seen of [taken, outside]) t.is(seen.count('inner'), 0, title)
    },

    async "what is left of a packet's way, and who tells of it"(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, bridge, outside, network } = cell
      for (const family of [4, 6] as const) {
        const ends = { ether: { from: attacker.mac, to: bridge.mac }, from: attacker.at[family], to: NEIGHBOUR[family] }
        all.push(...[0, 1].map((hops) => frames.packet(ends, 17, Buffer.alloc(16), { dscp: 42, hops })))
      }
      send(cell, ...all)
      // The gateway, which is none on an isolated network, tells that it has ended there.
      const told = network === 'isolated' ? 0 : 2
      t.true((await attacker.seen.reaches(told, 'errors')) >= told, title)
      if (told === 0) t.is(attacker.seen.count('errors'), 0, title)
      t.is(outside.count('odd'), 0, title)
    },

    async 'pieces of packets that are others together'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, bridge, aim, internal } = cell
      const id = 4711
      for (const family of [4, 6] as const) {
        const ends = { ether: { from: attacker.mac, to: bridge.mac }, from: attacker.at[family], to: HOST[family] }
        const whole = frames.udpFrame(ends, AIM_PORT, 'x'.repeat(64))
        const start = family === 4 ? 34 : 54
        const body = whole.subarray(start)
        // To a port that nobody has, by a second piece that lies over the first: of none is one made.
        const lie = Buffer.from(body)
        lie.writeUInt16BE(9, 2)
        all.push(
          frames.fragment(whole, id, 0, body.subarray(0, 24), true),
          frames.fragment(whole, id, 8, lie.subarray(8), false),
        )
        all.push(frames.fragment(whole, id + 1, 0, lie.subarray(0, 24), true))
        all.push(
          frames.fragment(whole, id + 1, 0, body.subarray(0, 16), true),
          frames.fragment(whole, id + 1, 16, body.subarray(16), false),
        )
        all.push(
          frames.fragment(whole, id + 2, 8, body.subarray(8), false),
          frames.fragment(whole, id + 2, 0, body.subarray(0, 16), true),
        )
        // The honest one.
        all.push(
          frames.fragment(whole, id + 3, 0, body.subarray(0, 16), true),
          frames.fragment(whole, id + 3, 16, body.subarray(16), false),
        )
      }
      send(cell, ...all)
      const arrives = internal ? 0 : 2
      t.is(await aim.seen.reaches(arrives), arrives, title)
    },

    async 'ports of the loopback of the host'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, bridge, aim, taken } = cell
      const ends = (from: string, to: string) => ({ ether: { from: attacker.mac, to: bridge.mac }, from, to })
      const ways = [
        ...['127.0.0.1', '127.1.2.3', '0.0.0.0', '255.255.255.255'].flatMap((to) => [
          ends(attacker.at[4], to),
          ends('127.0.0.1', to),
        ]),
        ...['127.0.0.1', attacker.at[4]].map((from) => ends(from, bridge.at[4])),
        ...['::1', '::', '::ffff:127.0.0.1'].flatMap((to) => [ends(attacker.at[6], to), ends('::1', to)]),
      ]
      all.push(...ways.map((way) => frames.udpFrame(way, LOOPBACK_PORT, 'published for the host alone')))
      send(cell, ...all)
      await honest(t, cell, title)
      t.is(aim.seen.count(), 0, title)
      t.is(taken.count(), cell.network === 'isolated' ? 0 : 1, title)
    },

    async 'members of groups, which nobody counts'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, host, bridge } = cell
      const groups = Array.from({ length: 100 }, (_, index) => `239.1.${index}.1`)
      const v4 = { ether: { from: attacker.mac, to: '01:00:5e:01:01:01' }, from: attacker.at[4] }
      all.push(...groups.map((to) => frames.packet({ ...v4, to }, 2, frames.igmpReport(to), { hops: 1 })))
      const own = linkLocalOf(attacker.sandbox)
      const v6 = { ether: { from: attacker.mac, to: '33:33:00:00:00:16' }, from: own, to: 'ff02::16' }
      all.push(...groups.map((_, index) => frames.listenerReport(v6, `ff15::${index + 1}`)))
      send(cell, ...all)
      await honest(t, cell, title)
      t.notRegex(execIn(host, 'bridge', 'mdb', 'show', 'dev', bridge.name), /239\.1\.|ff15::/, title)
    },

    async 'answers from outside to what a sandbox has begun that is gone, for the next one that has its address'(
      t,
      cell,
      title,
    ) {
      const { victim, host, neighbour, internal, network, succeed } = cell
      const [one] = ipJson<{ address: string }>(neighbour, 'link', 'show', 'dev', 'eth0')
      const [other] = ipJson<{ address: string }>(host, 'link', 'show', 'dev', 'uplink')
      const ether = { from: one?.address ?? '', to: other?.address ?? '' }
      // That network may be spoken to directly, on any port.
      const places = network === 'bare' ? [HOST] : [HOST, OTHER_HOST, victim.at]
      // One for each network: they have one address outside.
      const far = 9000 + Number(victim.at[4].split('.')[1])
      const begins = ({ sandbox, mac, at }: Cell['victim'], port: number): void => {
        const gateway =
          ipJson<{ master: string }>(host, 'link', 'show', 'dev', sandbox.endpoints[0]?.hostInterface ?? '')[0]
            ?.master ?? ''
        const to = ipJson<{ address: string }>(host, 'link', 'show', 'dev', gateway)[0]?.address ?? ''
        const asks = (family: 4 | 6) =>
          frames.packet(
            { ether: { from: mac, to }, from: at[family], to: NEIGHBOUR[family] },
            17,
            frames.words(port, far, 8, 0),
          )
        frames.sendFrames(sandbox, [asks(4), asks(6)])
      }
      // Without a checksum, which IPv6 has to have: what counts is what conntrack knows by it.
      const answers = (port: number): void => {
        const answer = (at: Addresses, family: 4 | 6) =>
          frames.packet({ ether, from: NEIGHBOUR[family], to: at[family] }, 17, frames.words(far, port, 8, 0), {
            dscp: 42,
          })
        frames.sendFrames(
          neighbour,
          places.flatMap((at) => [answer(at, 4), answer(at, 6)]),
        )
      }
      begins(victim, 7778)
      answers(7778)
      const arrives = internal ? 0 : 2
      t.is(await victim.seen.reaches(arrives, 'odd'), arrives, title)
      const next = await succeed()
      next.seen.begin()
      answers(7778)
      if (network !== 'isolated') execIn(host, 'ping', '-nq', '-c', '1', '-W', '5', victim.at[4])
      t.is(next.seen.count('odd'), 0, title)
      begins(next, 7779)
      answers(7779)
      t.is(await next.seen.reaches(arrives, 'odd'), arrives, title)
    },
  },
  ['bare', 'sourced'],
)
