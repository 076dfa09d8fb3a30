import { execFileSync } from 'node:child_process'
import { watchDrops, type Drops } from './drops.js'
import { eventually, type Place } from './world.js'

/**
 * What arrives at a link of a place, counted by rules there before anything of the place's has looked at it; or what a
 * place takes for itself.
 */

/** Frames that are counted as `marked` tell this address by ARP, or go to this port of UDP. */
export const MARKED_ADDRESS = '192.0.2.77'
export const MARKED_PORT = 7777

const RULES = {
  marked: [`arp daddr ip ${MARKED_ADDRESS}`, `udp dport ${MARKED_PORT}`],
  // Echo requests, pieces of one put together or not.
  pings: ['icmp type echo-request', 'icmpv6 type echo-request'],
  pongs: ['icmp type echo-reply', 'icmpv6 type echo-reply'],
  // Behind options, too; not pieces, which are nothing without their first.
  errors: [
    ...[3, 4, 5, 11, 12].map((type) => `icmp type ${type}`),
    ...['ipv6-icmp', '60'].map((next) => `ip6 nexthdr ${next} icmpv6 type < 128`),
  ],
  // Packets that a test has marked so in their headers, whatever is in them; and those that were in others.
  odd: ['ip dscp 42', 'ip6 dscp 42'],
  inner: ['ip dscp 43', 'ip6 dscp 43'],
  // Under addresses of the tests' networks.
  private: ['ip saddr 10.0.0.0/8', 'ip6 saddr fd00::/16 ip6 saddr != fd00:99::/64'],
  // Neither IP nor ARP.
  strange: ['meta protocol != { ip, ip6, arp }'],
  // To who has an address.
  answers: ['arp operation reply', 'icmpv6 type nd-neighbor-advert'],
}

export type Kind = keyof typeof RULES

/** What arrives from now on. */
export class Seen {
  readonly #place: Place
  readonly #table: readonly string[]
  #before: Drops = {}

  /** @param link - Default: `eth0`. `taken` for what is for a process of the place, whatever link it comes by. */
  constructor(place: Place, link: string | { taken: true } = 'eth0') {
    this.#place = place
    const [family, name, hook] =
      typeof link === 'string' ? ['netdev', `seen-${link}`, `ingress device "${link}"`] : ['inet', 'taken', 'input']
    this.#table = [family, name]
    const rules = Object.entries(RULES).flatMap(([kind, matches]) =>
      matches
        .filter((match) => family === 'netdev' || !match.startsWith('arp'))
        .map((match) => `${match} counter comment "${kind}"`),
    )
    const text = [
      `table ${family} ${name} {`,
      'chain seen {',
      `type filter hook ${hook} priority 0;`,
      ...rules,
      '}',
      '}',
      '',
    ].join('\n')
    execFileSync('nsenter', [`--net=${place.path}`, 'nft', '-f', '-'], { input: text })
  }

  /** Counts from here. */
  begin(): void {
    this.#before = this.#counts()
  }

  count(kind: Kind = 'marked'): number {
    return (this.#counts()[kind] ?? 0) - (this.#before[kind] ?? 0)
  }

  /** When so many have arrived, or none came for long. */
  async reaches(many: number, kind: Kind = 'marked'): Promise<number> {
    await eventually(() => this.count(kind) >= many)
    return this.count(kind)
  }

  #counts(): Drops {
    return watchDrops(this.#place, 'table', ...this.#table)
  }
}
