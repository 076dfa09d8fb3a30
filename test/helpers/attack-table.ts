import test, { type ExecutionContext } from 'ava'
import { begin, makeCell, send, type Cell } from './cells.js'
import { addressesOf, everyKind } from './every-kind.js'
import * as frames from './frames.js'
import { MARKED_PORT, Seen } from './seen.js'
import { BRIDGES } from './thorough.js'
import { setSysctl } from './world.js'

/**
 * Tables of attacks: each on every kind of network, with br_netfilter (for ARP, too) and without, on one bridge and on
 * several (`BRIDGES`). Each cell is frames that are sent, counted where they would come in, and honest ones beside
 * them, which arrive.
 */

export const NETWORKS = ['bridge', 'web', 'apart', 'inner', 'isolated', 'routed', 'routed-apart'] as const

/** Ports of a sandbox on another network: published for all, and for the host alone. */
export const AIM_PORT = 7790
export const LOOPBACK_PORT = 7791

export type Attack = (t: ExecutionContext, cell: Cell, title: string) => Promise<void>

const routed = 'com.docker.network.bridge.gateway_mode_ipv'
const ROUTED_APART = {
  'com.docker.network.bridge.enable_icc': 'false',
  [`${routed}4`]: 'routed',
  [`${routed}6`]: 'routed',
}

/** @param more - Networks of `everyKind` to try as well, on one bridge. */
export function tryAttacks(attacks: Readonly<Record<string, Attack>>, more: readonly string[] = []): void {
  for (const [bridgeCalls, portsPerBridge] of BRIDGES) {
    test.serial(
      `br_netfilter ${bridgeCalls ? 'on' : 'off'}, ${portsPerBridge === 1 ? 'a bridge for each sandbox' : 'one bridge'}`,
      async (t) => {
        const { world, slipway } = await everyKind(t, { bridgeCallsIptables: bridgeCalls, only: [], portsPerBridge })
        setSysctl(world.host, 'net.bridge.bridge-nf-call-arptables', bridgeCalls ? '1' : '0')
        await slipway.networks.create({
          name: 'routed-apart',
          subnets: [{ subnet: '10.20.0.0/24' }, { subnet: 'fd00:20::/64' }],
          options: ROUTED_APART,
        })
        // The host answers at once, and each time.
        for (const key of ['net.ipv4.icmp_ratelimit', 'net.ipv6.icmp.ratelimit']) setSysctl(world.host, key, '0')
        const publish = [`${AIM_PORT}:${MARKED_PORT}/udp`, `127.0.0.1:${LOOPBACK_PORT}:${MARKED_PORT}/udp`]
        const aim = await world.create(slipway, 'aim', { network: 'other', publish })
        const elsewhere = {
          taken: new Seen(world.host, { taken: true }),
          outside: new Seen(world.neighbour),
          aim: { at: addressesOf(aim), seen: new Seen(aim) },
        }
        for (const network of [...NETWORKS, ...(portsPerBridge === 1 ? [] : more)]) {
          const internal = ['inner', 'isolated'].includes(network)
          const cell = await makeCell(world, slipway, network, internal ? [] : [`${MARKED_PORT}/udp`], elsewhere)
          for (const [what, attack] of Object.entries(attacks)) {
            begin(cell)
            await attack(t, cell, `${network}: ${what}`)
          }
        }
      },
    )
  }
}

/** A datagram to the bridge, which hears it. */
export async function honest(t: ExecutionContext, cell: Cell, title: string): Promise<void> {
  const { attacker, bridge } = cell
  send(
    cell,
    frames.udpFrame(
      { ether: { from: attacker.mac, to: bridge.mac }, from: attacker.at[4], to: bridge.at[4] },
      MARKED_PORT,
      'honest',
    ),
  )
  t.is(await bridge.seen.reaches(1), 1, title)
}
