import { execFileSync } from 'node:child_process'
import { watchDrops, type Drops } from './drops.js'
import { eventually, type Place } from './world.js'

/** What arrives at a link of a place, counted by rules there before anything of the place's has looked at it. */

/** Frames that are counted as `marked` tell this address by ARP, or go to this port of UDP. */
export const MARKED_ADDRESS = '192.0.2.77'
export const MARKED_PORT = 7777

const RULES = {
  marked: [`arp daddr ip ${MARKED_ADDRESS}`, `udp dport ${MARKED_PORT}`],
  // Echo requests, pieces of one put together or not.
  pings: ['icmpv6 type echo-request'],
}

export type Kind = keyof typeof RULES

/** What arrives at a link from now on. */
export class Seen {
  readonly #place: Place
  readonly #table: string
  #before: Drops = {}

  constructor(place: Place, link = 'eth0') {
    this.#place = place
    this.#table = `seen-${link}`
    const rules = Object.entries(RULES).flatMap(([kind, matches]) => matches.map((match) => `${match} counter comment "${kind}"`))
    const hook = `type filter hook ingress device "${link}" priority 0;`
    const text = [`table netdev ${this.#table} {`, 'chain seen {', hook, ...rules, '}', '}', ''].join('\n')
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
    return watchDrops(this.#place, 'table', 'netdev', this.#table)
  }
}
