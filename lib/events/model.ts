import { now } from '../base/timers.js'
import { difference, type Fact, type Facts } from './facts.js'
import type { Happening } from './event.js'

const NOTHING: Facts = new Map()

/** So many that are gone are remembered: an old record of theirs may yet be read. */
const MOST_GONE = 10_000

interface Known {
  facts: Facts
  /**
   * What this process has made of it that has not been read yet, in print. The reader is behind: what it says may have
   * been true before that.
   */
  unread: string[]
  /** When this process has done the last of these, as {@link now} tells on each of its threads. */
  done: number
  /** What was read last. */
  said?: Facts
}

/**
 * What the listeners know of the host. It is told twice of what this process does: by itself at once, and by who reads
 * the records, a moment later. It tells once.
 */
export class EventModel {
  readonly #known = new Map<string, Known>()
  readonly #gone = new Set<string>()
  /** Of whom something is unread. */
  readonly #behind = new Set<string>()
  readonly #tell: (happening: Happening) => void

  constructor(tell: (happening: Happening) => void) {
    this.#tell = tell
  }

  /** This process has made, changed or removed something. @param before - Nothing where it has made it. */
  did(id: string, before: Facts = NOTHING, after: Facts = NOTHING): void {
    const known = this.#known.get(id)
    // Who reads may be ahead.
    const had = known?.facts ?? (this.#gone.has(id) ? NOTHING : before)
    for (const happening of difference(had, after)) this.#tell(happening)
    if (after.size === 0) this.#forget(id)
    else {
      // It was taken away and given back.
      this.#gone.delete(id)
      const unread = known && known.unread.length > 0 ? known.unread : [print(had)]
      this.#known.set(id, { ...known, facts: after, unread: [...unread, print(after)], done: now() })
      this.#behind.add(id)
    }
  }

  /**
   * A record says so, or its absence: nothing then.
   *
   * @param isNews - Whether it has come since there are listeners.
   */
  read(id: string, facts: Facts, isNews: boolean): void {
    if (this.#gone.has(id)) return
    const known = this.#known.get(id)
    if (known && known.unread.length > 0) {
      const at = known.unread.indexOf(print(facts))
      if (at >= 0) {
        known.unread = known.unread.slice(at)
        known.said = facts
        return
      }
    }
    if (known || isNews) for (const happening of difference(known?.facts ?? NOTHING, facts)) this.#tell(happening)
    if (facts.size === 0) this.#forget(id)
    else this.#known.set(id, { facts, said: facts, unread: [], done: -Infinity })
  }

  /** Whatever was done before a time has been read: what was read last is true. */
  settle(time: number): void {
    for (const id of [...this.#behind]) {
      const known = this.#known.get(id)
      if (known && known.done >= time) continue
      this.#behind.delete(id)
      if (!known?.said) continue
      const { said } = known
      known.unread = []
      for (const happening of difference(known.facts, said)) this.#tell(happening)
      known.facts = said
    }
  }

  /** There is nothing else than these, and what this process has made meanwhile. */
  keep(ids: ReadonlySet<string>): void {
    for (const [id, { unread }] of [...this.#known])
      if (!ids.has(id) && unread.length === 0) this.read(id, NOTHING, false)
  }

  /** What is known of a name; `undefined` of one that no record has. */
  named(type: 'sandbox' | 'network', name: string): Fact | undefined {
    for (const { facts } of this.#known.values()) {
      const fact = facts.get(type)
      if (fact?.name === name) return fact
    }
    return undefined
  }

  #forget(id: string): void {
    this.#known.delete(id)
    this.#gone.add(id)
    const [oldest] = this.#gone
    if (this.#gone.size > MOST_GONE && oldest !== undefined) this.#gone.delete(oldest)
  }
}

const print = (facts: Facts): string => JSON.stringify([...facts])
