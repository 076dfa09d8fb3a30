import { isIPv6 } from 'node:net'
import { clearTimeout, clock, setTimeout } from '../../base/timers.js'

/**
 * Questions of one asker that wait: more than a busy sandbox has, and fewer than the queue and the kernel's buffer
 * hold.
 */
const MUCH = 2048
/** And of one that has flooded lately. */
const MUCH_AGAIN = 256
/**
 * For how long it is not heard, in milliseconds: each time twice as long as the time before, until it has been quiet.
 */
const SHORTEST_MS = 100
const LONGEST_MS = 5000
/** Addresses at once. More than these flood from outside, where the networks' own can be told from all others. */
const MOST = 64

interface Flood {
  /** Of the last silence, in milliseconds. */
  length: number
  /** When it ends or has ended. */
  until: number
}

/** What the sockets are not to take. */
export interface Refused {
  addresses: readonly string[]
  /** Everything from outside of the network. */
  strangers: boolean
}

/**
 * Askers that send more questions than can be answered. The kernel's buffer is one for all: while it is full of one
 * asker's, those of others are dropped. So the socket takes nothing from that asker for a while.
 */
export class Floods {
  readonly #refuse: (refused: Refused) => void
  /** By address; the empty one stands for all that are on none of the networks. */
  readonly #floods = new Map<string, Flood>()
  #timer: NodeJS.Timeout | undefined

  /** @param refuse - Called when it changes. */
  constructor(refuse: (refused: Refused) => void) {
    this.#refuse = refuse
  }

  /**
   * To be called for each question. @param from - Its address; empty for a stranger. @param waiting - Questions of its
   * asker that wait.
   */
  see(from: string, waiting: number): void {
    if (waiting < MUCH_AGAIN) return
    const now = clock.now()
    const before = this.#floods.get(from)
    if (before && now < before.until) return
    const again = before !== undefined && now < before.until + LONGEST_MS
    if (!again && waiting < MUCH) return
    const length = again ? Math.min(2 * before.length, LONGEST_MS) : SHORTEST_MS
    this.#floods.delete(from)
    this.#floods.set(from, { length, until: now + length })
    const [oldest] = this.#floods.size > MOST ? this.#floods.keys() : []
    if (oldest !== undefined) this.#floods.delete(oldest)
    this.#tell(now)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#floods.clear()
  }

  #tell(now: number): void {
    const refused = [...this.#floods].filter(([, { until }]) => now < until)
    this.#refuse({
      addresses: refused.flatMap(([address]) => (address === '' ? [] : [address])),
      strangers: refused.some(([address]) => address === ''),
    })
    clearTimeout(this.#timer)
    if (refused.length === 0) return
    const next = Math.min(...refused.map(([, { until }]) => until))
    // Timers may come a little early.
    this.#timer = setTimeout(() => this.#tell(clock.now()), next - now + 1).unref()
  }
}

/** Those of the family of a socket's own address. */
export const ofFamily = (address: string, others: readonly string[]): string[] =>
  others.filter((other) => isIPv6(other.split('/')[0] ?? '') === isIPv6(address))
