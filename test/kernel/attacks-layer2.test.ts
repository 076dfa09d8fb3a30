import { tryAttacks } from '../helpers/attack-table.js'
import { linkLocalOf, sameNetwork, send, type Cell } from '../helpers/cells.js'
import { dropped, watchDrops } from '../helpers/drops.js'
import * as frames from '../helpers/frames.js'
import { MARKED_ADDRESS, MARKED_PORT, Seen } from '../helpers/seen.js'
import { eventually, execIn, ip, ipJson, type Place } from '../helpers/world.js'

/**
 * What a sandbox may send below IP, on every kind of network. Each cell is frames that are sent, counted where they
 * would come in, at the host and at a neighbour on the network, and an honest one beside them, which arrives.
 */

tryAttacks({
  async "to the groups of bridges, in the victim's name"(t, cell, title) {
    const { attacker, victim, host, bridge } = cell
    const before = forwarding(cell)
    for (const group of [0x00, 0x02, 0x0e]) {
      const ends = { ether: { from: victim.mac, to: frames.bridgeGroup(group) }, from: victim.at[4], to: bridge.at[4] }
      send(
        cell,
        frames.plainFrame(ends.ether, 0x88cc),
        frames.arpReply(ends, attacker.mac),
        frames.udpFrame(ends, MARKED_PORT, 'lie'),
      )
    }
    send(cell, frames.plainFrame({ from: '02:00:00:00:00:01', to: frames.bridgeGroup(0x0e) }, 0x88cc))
    send(
      cell,
      frames.udpFrame(
        { ether: { from: attacker.mac, to: bridge.mac }, from: attacker.at[4], to: bridge.at[4] },
        MARKED_PORT,
        'true',
      ),
    )
    t.is(await bridge.seen.reaches(1), 1, title)
    t.deepEqual(forwarding(cell), before, title)
    t.deepEqual(ipJson(host, 'neighbor', 'show', 'dev', attacker.link), [], title)
  },

  async 'ARP and neighbour discovery to the groups of bridges'(t, cell, title) {
    const { attacker, host, bridge } = cell
    const drops = watchDrops(host, 'table', 'bridge', 'slipway')
    const tell = (to: string) =>
      frames.arpReply({ ether: { from: attacker.mac, to }, from: attacker.at[4], to: MARKED_ADDRESS }, attacker.mac)
    for (const group of [0x00, 0x0e]) {
      const ether = { from: attacker.mac, to: frames.bridgeGroup(group) }
      send(
        cell,
        tell(ether.to),
        frames.neighbourAdvertisement(
          { ether, from: attacker.at[6], to: bridge.at[6] },
          attacker.at[6],
          '02:00:00:00:00:66',
        ),
      )
    }
    send(cell, tell(bridge.mac))
    t.is(await bridge.seen.reaches(1), 1, title)
    t.is(dropped(host, drops, 'not to bridges as such'), 4, title)
    t.deepEqual(ipJson(host, 'neighbor', 'show', 'dev', attacker.link), [], title)
  },

  async 'neighbours and routers in fragments'(t, cell, title) {
    const { attacker, victim, host, bridge } = cell
    const to = (mac: string, address: string) => ({
      ether: { from: attacker.mac, to: mac },
      from: attacker.at[6],
      to: address,
    })
    for (const lie of [
      frames.neighbourAdvertisement(to(victim.mac, victim.at[6]), bridge.at[6], attacker.mac),
      frames.neighbourAdvertisement(to(bridge.mac, bridge.at[6]), victim.at[6], attacker.mac),
      frames.routerAdvertisement(to(frames.ALL_NODES.mac, frames.ALL_NODES.address)),
    ]) {
      // What it is about in the second piece; all of it behind options; those in two pieces.
      send(
        cell,
        ...frames.inFragments(lie, 8),
        ...frames.inFragments(frames.behindOptions(lie), 8),
        ...frames.inFragments(frames.behindOptions(lie, 16), 8),
      )
      send(cell, frames.behindOptions(lie), frames.behindOptions(lie, 24))
    }
    // A large ping comes in fragments, too.
    send(cell, ...frames.inFragments(frames.echoRequest(to(bridge.mac, bridge.at[6])), 16))
    t.true((await bridge.seen.reaches(1, 'pings')) >= 1, title)
    for (const believer of [host, victim.sandbox])
      t.false(neighbours(believer).includes(`${victim.at[6]} ${attacker.mac}`), title)
    t.false(neighbours(victim.sandbox).includes(`${bridge.at[6]} ${attacker.mac}`), title)
    t.deepEqual(
      ipJson<{ protocol?: string }>(victim.sandbox, '-6', 'route').filter(({ protocol }) => protocol === 'ra'),
      [],
      title,
    )
  },

  async 'frames in frames'(t, cell, title) {
    const { attacker, victim, host, bridge, near } = cell
    const drops = watchDrops(host, 'table', 'bridge', 'slipway')
    const honest = (mac: string) =>
      frames.udpFrame(
        { ether: { from: attacker.mac, to: mac }, from: attacker.at[4], to: bridge.at[4] },
        MARKED_PORT,
        'true',
      )
    for (const mac of [bridge.mac, near ? victim.mac : bridge.mac]) {
      const frame = honest(mac)
      send(
        cell,
        frames.tagged(frame, 0x8100),
        frames.tagged(frame, 0x88a8, 0x8100),
        frames.inLlc(frame),
        frames.inPppoe(frame, 0x0021),
      )
    }
    send(cell, honest(bridge.mac))
    t.is(await bridge.seen.reaches(1), 1, title)
    t.is(dropped(host, drops, 'not its own'), 8, title)
  },

  async 'senders that no card has, or another'(t, cell, title) {
    const { attacker, victim, bridge } = cell
    const before = forwarding(cell)
    const sendAs = (from: string) => {
      const ether = { from, to: bridge.mac }
      const ends = { ether, from: attacker.at[4], to: bridge.at[4] }
      send(
        cell,
        frames.udpFrame(ends, MARKED_PORT, 'hello'),
        frames.arpReply({ ...ends, to: MARKED_ADDRESS }, attacker.mac),
      )
    }
    for (const from of ['00:00:00:00:00:00', '01:00:5e:00:00:01', frames.BROADCAST, bridge.mac, victim.mac])
      sendAs(from)
    sendAs(attacker.mac)
    t.is(await bridge.seen.reaches(2), 2, title)
    t.deepEqual(forwarding(cell), before, title)
  },

  async 'what is for many, which neighbours hear only with icc'(t, cell, title) {
    const { attacker, victim, bridge, near } = cell
    send(
      cell,
      frames.arpReply(
        { ether: { from: attacker.mac, to: frames.BROADCAST }, from: attacker.at[4], to: MARKED_ADDRESS },
        attacker.mac,
      ),
    )
    send(
      cell,
      frames.udpFrame(
        { ether: { from: attacker.mac, to: '01:00:5e:00:00:fb' }, from: attacker.at[4], to: '224.0.0.251' },
        MARKED_PORT,
        'to many',
      ),
    )
    t.is(await bridge.seen.reaches(2), 2, title)
    t.is(await victim.seen.reaches(near ? 2 : 0), near ? 2 : 0, title)
  },

  async 'what is for nobody, which nobody hears'(t, cell, title) {
    const { attacker, victim, host, bridge, near } = cell
    const nobody = '02:00:00:00:00:77'
    const fromHost = (to: string) =>
      frames.udpFrame(
        { ether: { from: bridge.mac, to }, from: bridge.at[4], to: attacker.at[4] },
        MARKED_PORT,
        'from the host',
      )
    frames.sendFrames(host, [fromHost(nobody), fromHost(attacker.mac)], bridge.name)
    t.is(await attacker.seen.reaches(1), 1, title)
    const fromBeside = (to: string) =>
      frames.udpFrame(
        { ether: { from: attacker.mac, to }, from: attacker.at[4], to: victim.at[4] },
        MARKED_PORT,
        'from beside',
      )
    send(cell, fromBeside(nobody), ...(near ? [fromBeside(victim.mac)] : []))
    t.is(await victim.seen.reaches(near ? 1 : 0), near ? 1 : 0, title)
  },

  async 'addresses that no sandbox has, which the host does not look for'(t, cell, title) {
    const { attacker, victim, host, bridge, near } = cell
    const datagram = (to: string, family: 4 | 6) =>
      frames.udpFrame(
        { ether: { from: attacker.mac, to: bridge.mac }, from: attacker.at[family], to },
        MARKED_PORT,
        'is that you?',
      )
    const vacant = Array.from({ length: 20 }, (_, index) => sameNetwork(attacker.at, 100 + index))
    send(cell, ...vacant.flatMap((at) => [datagram(at[4], 4), datagram(at[6], 6)]))
    // Where the host is not there, it is no gateway.
    if (near && cell.network !== 'isolated') {
      send(cell, datagram(victim.at[4], 4), datagram(victim.at[6], 6))
      t.is(await victim.seen.reaches(2), 2, title)
    }
    const known = neighbours(host).map((line) => line.split(' ')[0] ?? '')
    t.deepEqual(
      known.filter((address) => vacant.some((at) => at[4] === address || at[6] === address)),
      [],
      title,
    )
  },

  // Honest ones, which br_netfilter shows to the rules for what the host passes on.
  async 'what goes directly to a neighbour: for networks behind it, by link-local addresses, for a machine of the administrator'(
    t,
    cell,
    title,
  ) {
    const { attacker, victim, host, bridge, near, separated } = cell
    const machine = { at: sameNetwork(attacker.at, 200), mac: '02:00:00:00:00:99' }
    const inside = `machine${bridge.name.slice(-6)}`
    ip('-n', host.name, 'link', 'add', 'outer', 'type', 'veth', 'peer', 'name', inside)
    ip('-n', host.name, 'link', 'set', 'outer', 'master', bridge.name, 'up')
    ip('-n', host.name, 'link', 'set', inside, 'up')
    // A bridge sends nothing by a port before the kernel has told it of the port's carrier.
    t.true(
      await eventually(() => /state forwarding/.test(execIn(host, 'bridge', 'link', 'show', 'dev', 'outer'))),
      title,
    )
    const seen = new Seen(host, inside)
    seen.begin()
    const datagram = (to: { mac: string; address: string }, from: string) =>
      frames.udpFrame({ ether: { from: attacker.mac, to: to.mac }, from, to: to.address }, MARKED_PORT, 'directly')
    const toVictim = [
      datagram({ mac: victim.mac, address: '198.51.100.9' }, attacker.at[4]),
      datagram({ mac: victim.mac, address: '2001:db8::9' }, attacker.at[6]),
      datagram({ mac: victim.mac, address: linkLocalOf(victim.sandbox) }, linkLocalOf(attacker.sandbox)),
    ]
    const toMachine = ([4, 6] as const).map((family) =>
      datagram({ mac: machine.mac, address: machine.at[family] }, attacker.at[family]),
    )
    send(cell, ...(near ? toVictim : []), ...toMachine)
    t.is(await victim.seen.reaches(near ? 3 : 0), near ? 3 : 0, title)
    t.is(await seen.reaches(separated ? 0 : 2), separated ? 0 : 2, title)
    ip('-n', host.name, 'link', 'delete', 'outer')
  },

  // A bridge that overhears has an entry for each group that sandboxes are in, and after a question keeps to those.
  async 'questions who is in a group'(t, cell, title) {
    const { attacker, host, bridge } = cell
    const ether = { from: attacker.mac, to: frames.ALL_NODES.mac }
    send(cell, frames.listenerQuery({ ether, from: linkLocalOf(attacker.sandbox), to: frames.ALL_NODES.address }))
    t.notRegex(execIn(host, 'bridge', 'mdb', 'show', 'dev', bridge.name), /port veth/, title)
    t.like(
      ipJson(host, '-d', 'link', 'show', 'dev', bridge.name)[0],
      { linkinfo: { info_data: { mcast_snooping: 0 } } },
      title,
    )
  },

  async 'a removed sandbox, which the bridge knows no way to'(t, cell, title) {
    const { victim } = cell
    await victim.sandbox.remove()
    t.true(await eventually(() => !forwarding(cell).some((line) => line.startsWith(victim.mac))), title)
  },
})

/** Who is where, as the attacker's bridge has it. */
const forwarding = ({ host, bridge }: Cell): string[] =>
  execIn(host, 'bridge', 'fdb', 'show', 'br', bridge.name)
    .split('\n')
    .filter((line) => line.includes('master'))
    .sort()

/** `ADDRESS MAC` of all that a place knows. */
const neighbours = (place: Place): string[] =>
  ipJson<{ dst: string; lladdr?: string }>(place, 'neighbor', 'show').map(({ dst, lladdr = '' }) => `${dst} ${lladdr}`)
