import type { DamageWatch, ParentWatch, HealContext } from '../heal/index.js'
import { beginCall, waiting, type Call, type CallOptions } from '../base/call.js'
import { SlipwayError } from '../base/errors.js'
import type { EventHub } from '../events/hub.js'
import type { Host } from '../kernel/host.js'
import type { NameOptions } from '../base/name-options.js'
import type { Resolvers } from '../names/resolvers.js'
import type { Settings } from '../base/settings.js'
import { explained } from '../claims/refusals.js'
import type { Spares } from './pool/spares.js'
import type { DynamicPorts } from '../claims/ports/dynamic-ports.js'
import type { FirewallWatch } from '../firewalls/watch.js'
import type { Holders } from '../claims/ports/holders.js'
import type { Turns } from '../admission/turns.js'
import type { Removals } from './removals.js'
import type { ForwardingWatch } from './forwarding.js'
import type { Ephemerals } from './ephemerals.js'
import type { Reaper } from './reaper.js'

/** What the sandboxes and networks of one Slipway share. */
export interface Context extends HealContext {
  /** Folder of the sandboxes' files: `hostname`, `hosts` and `resolv.conf`. */
  readonly files: string
  readonly resolvers: Resolvers
  readonly parentWatch: ParentWatch
  readonly damageWatch: DamageWatch
  readonly firewallWatch: FirewallWatch
  /** What sandboxes have that say nothing of their names. */
  readonly names: NameOptions
  readonly dynamicPorts: DynamicPorts
  readonly holders: Holders
  readonly spares: Spares
  readonly turns: Turns
  readonly reaper: Reaper
  readonly removals: Removals
  readonly ephemerals: Ephemerals
  readonly forwarding: ForwardingWatch
  readonly events: EventHub
  readonly work: Work
}

/** The host's own namespace, as this process sees it: another one's /proc entry may be gone by now. */
export const hostPath = (settings: Settings): string => settings.netns ?? `/proc/${process.pid}/ns/net`

export { NETNS_FOLDER } from '../store/sandbox-kind.js'

/** What a call works with: its own, where something may end it early. */
export const withCall = (context: Context, call: Call | undefined): Context => (call ? { ...context, call } : context)

/** Calls in flight: close() lets no more begin, and waits for those that have. */
export class Work {
  #running = 0
  #closers = 0
  #closed = false
  readonly #ended = new Set<() => void>()

  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  /**
   * @param what - The call, for its errors.
   * @param options - As far as they end it early.
   * @throws {SlipwayError} `CLOSED`
   */
  async run<T>(work: (call: Call | undefined) => Promise<T>, what?: string, options?: CallOptions): Promise<T> {
    if (this.#closed || this.#closers > 0)
      throw new SlipwayError('CLOSED', 'This Slipway was closed. Open another: Slipway.open().')
    const call = what === undefined ? undefined : beginCall(what, options)
    this.#running++
    try {
      call?.check()
      return await work(call)
    } catch (error) {
      throw call?.isReason(error) ? error : await explained(error, this.#host)
    } finally {
      call?.end()
      if (call && call.abandoned.length > 0) void Promise.allSettled(call.abandoned).then(() => this.#left())
      else this.#left()
    }
  }

  /** The same of a call that looks and changes nothing: it may be given up at any moment. */
  look<T>(work: () => Promise<T>, what: string, options: CallOptions | undefined): Promise<T> {
    return this.run((call) => waiting(call, work(), 'what the kernel and the records say'), what, options)
  }

  /** Whether no other call is in flight than the one that asks. */
  get isAlone(): boolean {
    return this.#running === 1
  }

  #left(): void {
    if (--this.#running === 0) for (const ended of this.#ended) ended()
  }

  /** Where that is given up, calls may begin again. */
  async close(call?: Call): Promise<void> {
    this.#closers++
    try {
      if (this.#running > 0)
        await waiting(call, new Promise<void>((resolve) => this.#ended.add(resolve)), 'calls in flight')
      this.#closed = true
    } finally {
      this.#closers--
    }
  }
}
