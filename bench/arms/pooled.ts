import type { Library } from '../library.js'
import type { TrialSpec } from '../trial-spec.js'
import { Ours, OUT_OF_THE_WAY } from './ours.js'

/** Slipway with sandboxes made ahead of need: as many as are timed, and full when the clock starts. */
export class Pooled extends Ours {
  static async openPool({ Slipway }: Library, size: number): Promise<Pooled> {
    return new Pooled(await Slipway.open({ stateDir: '/run/slipway', pool: { size } }))
  }

  override async prepare(spec: TrialSpec): Promise<void> {
    await super.prepare(spec)
    // A network is made on first use, and the pool begins with it then.
    if (spec.warmUp === 0) {
      await this.create(OUT_OF_THE_WAY)
      await this.remove(OUT_OF_THE_WAY)
    }
    await this.settle()
  }

  /** Resolves when the pool holds as many as it may. */
  settle(): Promise<void> {
    return this.slipway.pool.ready()
  }
}
