import { Slipway, SlipwayError } from 'slipway'
import type { TrialSpec } from '../trial-spec.js'
import { Ours } from './ours.js'

/** What this build may not have yet. */
type Open = (options: { stateDir: string; pool: { size: number } }) => Promise<Slipway & { pool?: { ready(): Promise<unknown> } }>
const open = Slipway.open.bind(Slipway) as Open

/** A number that no trial comes to. */
const OUT_OF_THE_WAY = 12_500

/** Slipway with sandboxes made ahead of need: as many as are timed, and full when the clock starts. */
export class Pooled extends Ours {
  static async openPool(size: number): Promise<Pooled> {
    return new Pooled(await open({ stateDir: '/run/slipway', pool: { size } }))
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
  async settle(): Promise<void> {
    await (this.slipway as Awaited<ReturnType<Open>>).pool?.ready()
  }
}

/** Why this build has no pool; `undefined` when it has one. */
export async function withoutPool(): Promise<string | undefined> {
  try {
    const slipway = await open({ stateDir: '/run/slipway', pool: { size: 0 } })
    await slipway.close()
    return undefined
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'UNSUPPORTED') return 'not in this build'
    throw error
  }
}
