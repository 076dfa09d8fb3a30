import { channel } from 'node:diagnostics_channel'
import { now } from '../base/timers.js'
import { networksOf } from '../drivers/index.js'
import type { LinkInfo, NativeNews } from '../kernel/native.js'
import type { NetworkSpec } from '../store/network-spec.js'
import { healNetworks, type HealedNetworks } from './heal-networks.js'
import type { HealContext } from './context.js'
import { Looks } from './looks.js'

/** So many milliseconds after a look comes the next, at the least: a link may come and go all the time. */
const REST_MS = 250
/**
 * And at the most: where the event loop was held up meanwhile, a look takes as long, and each look at what another
 * process is at waits twice as long as the one before, as a look asks the kernel for all links and sets.
 */
const LONGEST_REST_MS = 1000
/** How often what another process is at is looked at again, before it is left to the next open(): for ten seconds. */
const TRIES = 12

/** What the diagnostics channel `slipway:parent` says when parents of networks have come or gone. */
export interface ParentMessage extends Omit<HealedNetworks, 'left'> {
  /** Names of the links. */
  moved: string[]
}

const messages = channel('slipway:parent')

type Part = Pick<HealContext, 'host' | 'networks' | 'records' | 'routes' | 'settings' | 'events'>

/**
 * Listens for parents of networks that come and go, and gives networks and sandboxes back what a parent that is back
 * has taken with it. It listens while there is a network with a parent, and the kernel wakes it: it never looks by
 * itself. Every process that has the host open does so; a change of a record is one process's, and the others find it
 * done.
 */
export class ParentWatch {
  readonly #context: Part
  #news: NativeNews | undefined
  #meant = new Set<string>()
  /** Numbers of links as open() has seen them, while it goes on. */
  #seen: ReadonlyMap<string, number> | undefined
  #moved = new Set<string>()
  /** Networks that were told to be without their parent, and what that is called. */
  readonly #missing = new Map<string, string>()
  #tries = 0
  readonly #looks = new Looks(
    () => this.#look(),
    () => this.#moved.size > 0,
  )

  constructor(context: Part) {
    this.#context = context
  }

  /** What open() has healed need not be looked at again. @param links - As it has found them. */
  opened(links: readonly LinkInfo[]): void {
    this.#seen = new Map(links.map(({ name, index }) => [name, index]))
  }

  /** Called with all networks of the host, whenever they may be others. */
  know(specs: Iterable<NetworkSpec>): void {
    if (this.#looks.closed) return
    const names = new Set<string>()
    for (const spec of specs)
      for (const { link, ours } of networksOf(spec).standsOn?.(spec) ?? [])
        // Where damage is only told, one of ours that goes is.
        if (!ours || this.#context.settings.heal) names.add(link)
    const fresh = [...names].filter((name) => !this.#meant.has(name))
    const seen = this.#seen
    this.#seen = undefined
    if (fresh.length === 0 && names.size === this.#meant.size) return
    if (names.size > 0) this.#news ??= this.#listen()
    // Where the kernel gives no socket, the next change of a network asks for it again.
    this.#meant = this.#news ? names : new Set()
    const numbers = this.#news?.mean([...names]) ?? {}
    if (names.size === 0) {
      this.#news?.close()
      this.#news = undefined
    }
    // What has come or gone before it was listened for.
    const moved = fresh.filter((name) => name in numbers && (!seen || (seen.get(name) ?? 0) !== numbers[name]))
    if (moved.length > 0) this.#heard(moved)
  }

  /** Resolves when no look is under way. */
  async close(): Promise<void> {
    this.#news?.close()
    await this.#looks.close()
  }

  /** A Slipway that is lost without being closed must not live on in what listens for it. */
  #listen(): NativeNews | undefined {
    const self = new WeakRef(this)
    return this.#context.host.hear({ about: 'links' }, (names) => {
      const there = self.deref()
      if (there) there.#heard(names)
    })
  }

  #heard(names: readonly string[]): void {
    if (this.#looks.closed) return
    for (const name of names) this.#moved.add(name)
    if (this.#tries > 0) {
      // It has rested longer and longer for a process that is at work. This is news.
      this.#looks.shorten(REST_MS)
      this.#tries = 0
    }
    this.#looks.wake()
  }

  /**
   * Tells of networks whose parents are not there: once, until they are, as a link that goes is news more than once.
   *
   * @param moved - The links that were looked at.
   */
  #tellMissing(moved: ReadonlySet<string>, without: HealedNetworks['without']): void {
    for (const [network, parent] of this.#missing)
      if (moved.has(parent) && !without.some((one) => one.network === network)) this.#missing.delete(network)
    for (const { network, parent } of without) {
      if (!this.#missing.has(network))
        this.#context.events?.tell(
          'lost',
          `network ${network}: its parent ${parent} is gone. It heals when that is back.`,
        )
      this.#missing.set(network, parent)
    }
  }

  async #look(): Promise<void> {
    const moved = this.#moved
    this.#moved = new Set()
    const began = now()
    const isMeant = (spec: NetworkSpec) =>
      networksOf(spec)
        .standsOn?.(spec)
        .some(({ link }) => moved.has(link)) ?? false
    let left = true
    try {
      const { left: some, ...healed } = await healNetworks(this.#context, isMeant)
      left = some
      const { events } = this.#context
      events?.healed(healed.healed)
      for (const sentence of healed.lost) events?.tell('lost', sentence)
      this.#tellMissing(moved, healed.without)
      if (messages.hasSubscribers) messages.publish({ moved: [...moved], ...healed } satisfies ParentMessage)
    } catch {
      // It is tried again; a call that needs what is not there is refused, and says why.
    }
    // While a link comes and goes all the time, others have their turn.
    this.#looks.rest(Math.min(Math.max(REST_MS * 2 ** this.#tries, now() - began), LONGEST_REST_MS))
    if (left && ++this.#tries < TRIES) for (const name of moved) this.#moved.add(name)
  }
}
