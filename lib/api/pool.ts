import { beginCall, callChecks, waiting, type CallOptions } from '../base/call.js'
import { checkOptions } from '../base/checks.js'
import { rethrow } from '../base/shortage.js'
import type { Spares } from '../work/pool/spares.js'

/** How the pool of one network is. */
export interface PoolStats {
  /** Name of the network. */
  network: string
  /** How many are to be ready. */
  size: number
  /** How many are. */
  ready: number
  /** How many are being made this moment. */
  making: number
  /** Creates that took one, since open(). */
  claimed: number
  /** Creates that would have taken one, and found none: they made their sandbox from the ground up. */
  missed: number
}

/**
 * Sandboxes made ahead of need: `slipway.pool`. What there is to say to it is said with the option `pool` of open().
 */
export class Pool {
  readonly #spares: Spares

  /** @internal */
  constructor(spares: Spares) {
    this.#spares = spares
  }

  /** One entry for each network of the option `pool`. */
  get networks(): PoolStats[] {
    return this.#spares.networks.map(({ name, size, ready, making, claimed, missed }) => ({
      network: name,
      size,
      ready,
      making,
      claimed,
      missed,
    }))
  }

  /**
   * Resolves when each of its networks that is there has all that it is to have, for benchmarks and for services that
   * begin with a burst. Nobody needs to wait: on a network with none ready, a create makes its sandbox from the ground
   * up.
   *
   * @throws {SlipwayError} What kept a network from it: `EXHAUSTED` (addresses, ports of the bridge), `CONFLICT`,
   * `KERNEL`; `CLOSED`.
   */
  async ready(options: CallOptions = {}): Promise<void> {
    checkOptions('pool.ready', options, callChecks)
    const call = beginCall('pool.ready', options)
    try {
      call?.check()
      await waiting(call, this.#spares.ready().catch(rethrow), 'spare sandboxes')
    } finally {
      call?.end()
    }
  }
}
