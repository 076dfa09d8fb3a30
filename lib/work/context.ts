import type { ParentWatch, HealContext } from '../heal/index.js'
import { SlipwayError } from '../base/errors.js'
import type { Host } from '../kernel/host.js'
import type { NameOptions } from '../base/name-options.js'
import type { Resolvers } from '../names/resolvers.js'
import type { Settings } from '../base/settings.js'
import { explained } from '../claims/refusals.js'
import type { Spares } from './pool/spares.js'
import type { DynamicPorts } from '../claims/ports/dynamic-ports.js'
import type { Holders } from '../claims/ports/holders.js'
import type { Turns } from '../admission/turns.js'
import type { Removals } from './removals.js'
import type { Ephemerals } from './ephemerals.js'
import type { Reaper } from './reaper.js'

/** What the sandboxes and networks of one Slipway share. */
export interface Context extends HealContext {
  /** Folder of the sandboxes' files: `hostname`, `hosts` and `resolv.conf`. */
  readonly files: string
  readonly resolvers: Resolvers
  readonly parentWatch: ParentWatch
  /** What sandboxes have that say nothing of their names. */
  readonly names: NameOptions
  readonly dynamicPorts: DynamicPorts
  readonly holders: Holders
  readonly spares: Spares
  readonly turns: Turns
  readonly reaper: Reaper
  readonly removals: Removals
  readonly ephemerals: Ephemerals
  readonly work: Work
}

/** The host's own namespace, as this process sees it: another one's /proc entry may be gone by now. */
export const hostPath = (settings: Settings): string => settings.netns ?? `/proc/${process.pid}/ns/net`

export { NETNS_FOLDER } from '../store/sandbox-kind.js'

/** Calls in flight: close() lets no more begin, and waits for those that have. */
export class Work {
  #running = 0
  #closed = false
  #ended: (() => void) | undefined

  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  /** @throws {SlipwayError} `CLOSED` */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new SlipwayError('CLOSED', 'This Slipway was closed. Open another: Slipway.open().')
    this.#running++
    try {
      return await work()
    } catch (error) {
      throw await explained(error, this.#host)
    } finally {
      if (--this.#running === 0) this.#ended?.()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#ended = resolve))
  }
}
