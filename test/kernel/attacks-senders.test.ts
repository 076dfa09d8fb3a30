import { honest, tryAttacks } from '../helpers/attack-table.js'
import { linkLocalOf, sameNetwork, send, type Cell } from '../helpers/cells.js'
import { HOST, NEIGHBOUR } from '../helpers/dual-stack.js'
import { addressesOn } from '../helpers/every-kind.js'
import * as frames from '../helpers/frames.js'
import { STRANGE_TYPES, SWITCHES } from '../helpers/odd-packets.js'
import { MARKED_ADDRESS, MARKED_PORT } from '../helpers/seen.js'
import { ipJson, type Place } from '../helpers/world.js'

/** What a sandbox may send under other names, or as somebody else, on every kind of network. */

tryAttacks(
  {
    async 'frames that are neither of IP nor of ARP'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, victim, bridge, near } = cell
      const honestOne = { ether: { from: attacker.mac, to: bridge.mac }, from: attacker.at[4], to: bridge.at[4] }
      const inLabel = frames.udpFrame(honestOne, MARKED_PORT, 'labelled').subarray(14)
      for (const to of [bridge.mac, near ? victim.mac : bridge.mac, ...SWITCHES]) {
        const labelled = Buffer.concat([
          frames.plainFrame({ from: attacker.mac, to }, 0x8847).subarray(0, 14),
          Buffer.from([0, 1, 1, 64]),
          inLabel,
        ])
        all.push(...STRANGE_TYPES.map((type) => frames.plainFrame({ from: attacker.mac, to }, type)), labelled)
      }
      send(cell, ...all)
      await honest(t, cell, title)
      for (const { seen } of [bridge, victim]) t.is(seen.count('strange'), 0, title)
    },

    async 'senders that it is not, and nobody is'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, victim, bridge, near, outside } = cell
      const own = (address: string) => sameNetwork(attacker.at, 2)[4].replace(/\d+$/, address)
      const others = (family: 4 | 6) =>
        [bridge.at, victim.at, sameNetwork(attacker.at, 99), HOST, NEIGHBOUR, addressesOn('other', 1)].map(
          (at) => at[family],
        )
      const senders = {
        4: [...others(4), own('255'), own('0'), '0.0.0.0', '255.255.255.255', '224.0.0.1', '169.254.1.1', '127.0.0.1'],
        6: [
          ...others(6),
          '::',
          '::1',
          'ff02::1',
          'fe80::1',
          'fe80::99',
          linkLocalOf(victim.sandbox),
          '::ffff:10.1.0.2',
          '64:ff9b::a01:2',
        ],
      }
      const everybody = { 4: own('255'), 6: frames.ALL_NODES.address }
      for (const family of [4, 6] as const) {
        const lies = senders[family].flatMap((from) => {
          const ends = (mac: string, to: string) => ({ ether: { from: attacker.mac, to: mac }, from, to })
          return [
            frames.udpFrame(ends(bridge.mac, bridge.at[family]), MARKED_PORT, 'lie'),
            frames.udpFrame(ends(bridge.mac, NEIGHBOUR[family]), MARKED_PORT, 'lie'),
            frames.udpFrame(ends(near ? victim.mac : bridge.mac, victim.at[family]), MARKED_PORT, 'lie'),
            // All would answer whom it names.
            frames.echoRequest(ends(frames.BROADCAST, everybody[family])),
            frames.echoRequest(ends(bridge.mac, bridge.at[family])),
          ]
        })
        all.push(...lies)
      }
      send(cell, ...all)
      await honest(t, cell, title)
      t.is(bridge.seen.count('pings'), 0, title)
      for (const seen of [victim.seen, outside]) t.deepEqual([seen.count(), seen.count('pings')], [0, 0], title)
    },

    async 'one ping, which many would answer'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, bridge, network } = cell
      const to = (mac: string, address: string) =>
        frames.echoRequest({ ether: { from: attacker.mac, to: mac }, from: attacker.at[4], to: address })
      const last = (address: string, number: string) => address.replace(/\d+$/, number)
      all.push(
        to(frames.BROADCAST, last(attacker.at[4], '255')),
        to(frames.BROADCAST, '255.255.255.255'),
        to('01:00:5e:00:00:01', '224.0.0.1'),
      )
      // Another network's.
      all.push(to(bridge.mac, last(addressesOn('other', 1)[4], '255')), to(bridge.mac, '192.0.2.255'))
      all.push(to(bridge.mac, bridge.at[4]))
      send(cell, ...all)
      const answers = network === 'isolated' ? 0 : 1
      t.is(await attacker.seen.reaches(answers, 'pongs'), answers, title)
    },

    async 'ARP in the name of others, and of nobody'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, victim, host, bridge, near } = cell
      const told = { mac: attacker.mac, address: MARKED_ADDRESS }
      const names = [
        victim.at[4],
        bridge.at[4],
        HOST[4],
        '0.0.0.0',
        '255.255.255.255',
        '127.0.0.1',
        sameNetwork(attacker.at, 99)[4],
      ]
      for (const to of [frames.BROADCAST, bridge.mac, ...(near ? [victim.mac] : [])]) {
        const ether = { from: attacker.mac, to }
        for (const operation of [1, 2]) {
          // For another; for oneself, at another's place; gratuitous.
          all.push(...names.map((address) => frames.arp(ether, operation, { mac: attacker.mac, address }, told)))
          const places = [victim.mac, bridge.mac, frames.BROADCAST, '00:00:00:00:00:00']
          all.push(...places.map((mac) => frames.arp(ether, operation, { mac, address: attacker.at[4] }, told)))
          all.push(
            ...names.map((address) =>
              frames.arp(ether, operation, { mac: attacker.mac, address }, { mac: attacker.mac, address }),
            ),
          )
        }
        // In another's frame.
        all.push(frames.arp({ from: victim.mac, to }, 2, { mac: attacker.mac, address: attacker.at[4] }, told))
      }
      all.push(
        frames.arp({ from: attacker.mac, to: bridge.mac }, 2, { mac: attacker.mac, address: attacker.at[4] }, told),
      )
      send(cell, ...all)
      t.is(await bridge.seen.reaches(1), 1, title)
      t.is(victim.seen.count(), 0, title)
      for (const place of [host, victim.sandbox]) t.deepEqual(misled(place, cell), [], title)
    },

    async 'neighbours and routers of IPv6'(t, cell, title) {
      const all: Buffer[] = []
      const { attacker, victim, host, bridge, near } = cell
      const own = linkLocalOf(attacker.sandbox)
      const readers = [
        frames.ALL_NODES,
        { mac: bridge.mac, address: bridge.at[6] },
        ...(near ? [{ mac: victim.mac, address: victim.at[6] }] : []),
      ]
      for (const { mac, address } of readers) {
        const from = (source: string) => ({ ether: { from: attacker.mac, to: mac }, from: source, to: address })
        const others = [victim.at[6], bridge.at[6], 'fe80::1', linkLocalOf(victim.sandbox), HOST[6]]
        all.push(
          ...[own, attacker.at[6]].flatMap((source) =>
            others.map((target) => frames.neighbourAdvertisement(from(source), target, attacker.mac)),
          ),
        )
        all.push(...others.map((source) => frames.neighbourAdvertisement(from(source), source, attacker.mac)))
        all.push(...others.map((source) => frames.neighbourSolicitation(from(source), bridge.at[6])))
        // Somebody makes sure that he is alone with this address.
        all.push(...others.map((target) => frames.neighbourSolicitation(from('::'), target)))
        all.push(...[own, attacker.at[6], 'fe80::1'].map((source) => frames.routerAdvertisement(from(source))))
        all.push(...[own, 'fe80::1'].map((source) => frames.redirect(from(source), own, NEIGHBOUR[6])))
      }
      send(cell, ...all)
      await honest(t, cell, title)
      for (const place of [host, victim.sandbox]) t.deepEqual(misled(place, cell), [], title)
      t.deepEqual(
        ipJson<{ protocol?: string }>(victim.sandbox, '-6', 'route').filter(({ protocol }) => protocol === 'ra'),
        [],
        title,
      )
    },
  },
  ['bare', 'sourced'],
)

/** What a place believes wrongly of where the attacker is, or of who is there. */
function misled(place: Place, { attacker: { sandbox, mac, at } }: Cell): string[] {
  const own = [at[4], at[6], linkLocalOf(sandbox)]
  return ipJson<{ dst: string; lladdr?: string }>(place, 'neighbor', 'show')
    .filter(({ dst, lladdr }) => lladdr !== undefined && (lladdr === mac) !== own.includes(dst))
    .map(({ dst, lladdr }) => `${dst} at ${lladdr}`)
}
