import type { ExecutionContext } from 'ava'
import type { IpFamily } from '#lib/base/addresses/ip.js'
import { HOST_ADDRESS, ipBatch, NEIGHBOUR_ADDRESS, OTHER_HOST_ADDRESS, setSysctl, World } from './world.js'

/** An address of each IP version. */
export type Addresses = Readonly<Record<IpFamily, string>>

export const HOST: Addresses = { 4: HOST_ADDRESS, 6: 'fd00:99::1' }
export const OTHER_HOST: Addresses = { 4: OTHER_HOST_ADDRESS, 6: 'fd00:99::2' }
/** One more address of the host. */
export const SPARE: Addresses = { 4: '192.0.2.5', 6: 'fd00:99::5' }
export const NEIGHBOUR: Addresses = { 4: NEIGHBOUR_ADDRESS, 6: 'fd00:99::9' }
/** One more address of the neighbour, to send from. */
export const STRANGER: Addresses = { 4: '192.0.2.10', 6: 'fd00:99::10' }

/**
 * A world that speaks IPv6 too, and whose neighbour routes 10.0.0.0/8 and fd00::/16 at the host: tests' networks are
 * there.
 */
export class DualStackWorld extends World {
  constructor(t: ExecutionContext, bridgeCallsIptables: boolean) {
    super(t, { bridgeCallsIptables })
    setSysctl(this.host, 'net.bridge.bridge-nf-call-ip6tables', bridgeCallsIptables ? '1' : '0')
    for (const [place, link, own, more, local, ...routes] of [
      [this.host, 'uplink', HOST, [OTHER_HOST, SPARE], 'fe80::1'],
      [
        this.neighbour,
        'eth0',
        NEIGHBOUR,
        [STRANGER],
        'fe80::9',
        `route add 10.0.0.0/8 via ${HOST[4]}`,
        `route add fd00::/16 via ${HOST[6]}`,
      ],
    ] as const) {
      const give = (address: string, ...options: string[]) =>
        [`address add ${address} dev ${link}`, ...(address.includes(':') ? ['nodad'] : []), ...options].join(' ')
      ipBatch(
        place,
        give(`${own[6]}/64`),
        give(`${local}/64`),
        ...more.flatMap((addresses) => [
          // Deprecated: nobody chooses it by himself.
          give(`${addresses[6]}/128`, 'preferred_lft 0'),
          ...(addresses === OTHER_HOST ? [] : [give(`${addresses[4]}/32`)]),
        ]),
        ...routes,
      )
    }
  }
}
