import type { EventHub } from '../events/hub.js'
import type { NativeNews } from '../kernel/native.js'
import { findDrops } from './drops.js'
import type { Looking } from './ours.js'

/**
 * Tells of other firewalls that drop packets of ours, and of rules of others between ours, while somebody listens to
 * events: what there is when he begins, and what comes later. The kernel tells of changes of nf_tables, once a second
 * at most; of those of the older iptables it tells nobody.
 */
export class FirewallWatch {
  readonly #context: Looking
  readonly #events: Pick<EventHub, 'tell'>
  #news: NativeNews | undefined
  #told: ReadonlySet<string> = new Set()
  #looking: Promise<void> | undefined
  #again = false
  #closed = false

  constructor(context: Looking, events: Pick<EventHub, 'tell'>) {
    this.#context = context
    this.#events = events
  }

  /** @param isHeard - Whether somebody listens to events from now on. */
  heard(isHeard: boolean): void {
    if (isHeard === (this.#news !== undefined) || (isHeard && this.#closed)) return
    if (!isHeard) {
      this.#news?.close()
      this.#news = undefined
      this.#told = new Set()
      return
    }
    // A Slipway that is lost without being closed must not live on in what listens for it.
    const self = new WeakRef(this)
    this.#news = this.#context.host.hear({ about: 'firewalls' }, () => self.deref()?.look())
    this.look()
  }

  /** Looks, and once more where something has changed meanwhile. */
  look(): void {
    this.#again = this.#looking !== undefined
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
      if (this.#again && this.#news) this.look()
    })
  }

  async #look(): Promise<void> {
    try {
      const { drops, between } = await findDrops(this.#context)
      if (!this.#news) return
      // What depends on a rule that is not understood may be well: doctor says it to who asks.
      const certain = drops.filter(({ perhaps }) => !perhaps)
      const warnings = [
        ...certain.map(({ what, advice }) => [what, `Let it through: ${advice}`] as const),
        ...between.map(({ what, advice }) => [what, `To remove it: ${advice}`] as const),
      ]
      for (const [what, advice] of warnings)
        if (!this.#told.has(what)) this.#events.tell('warning', `${what}. ${advice}`)
      this.#told = new Set(warnings.map(([what]) => what))
    } catch {
      // The next change has it look again; so does doctor.
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.heard(false)
    await this.#looking
  }
}
