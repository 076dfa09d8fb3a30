import type { Sandbox, Slipway } from 'slipway'
import { CONTAINER_PORT, endpoint } from '../endpoint.js'
import { linksDownTo } from '../host-links.js'
import type { Library } from '../library.js'
import type { TrialSpec } from '../trial-spec.js'
import { atOnce, type Bringer } from './arm.js'

/** As many are made at once of those that only have to be there. */
const CROWD = 200
/** As many come, and then go, of those that do both. */
const ROUND = 50
/** A number that no trial comes to. */
export const OUT_OF_THE_WAY = 12_500

/** Slipway itself, through its public API. */
export class Ours implements Bringer {
  readonly slipway: Slipway
  readonly #sandboxes = new Map<number, Sandbox>()

  constructor(slipway: Slipway) {
    this.slipway = slipway
  }

  static async open({ Slipway }: Library): Promise<Ours> {
    return new Ours(await Slipway.open({ stateDir: '/run/slipway' }))
  }

  async prepare({ warmUp, practice = 0 }: TrialSpec): Promise<void> {
    await this.#practise(practice)
    // The first ones alone: they warm up the path of one after another.
    const alone = Math.min(warmUp, 50)
    for (let n = 0; n < alone; n++) await this.create(n)
    await atOnce(warmUp - alone, CROWD, (i) => this.create(alone + i))
  }

  /** A process in service has done it before. */
  async #practise(times: number): Promise<void> {
    for (let done = 0; done < times; done += ROUND) {
      const round = Array.from({ length: Math.min(ROUND, times - done) }, (_, i) => OUT_OF_THE_WAY + i)
      for (const n of round) await this.create(n)
      for (const n of round) await this.remove(n)
      await this.slipway.pool.ready()
      await linksDownTo(this.slipway.pool.networks.reduce((sum, { ready }) => sum + ready, 0))
    }
  }

  async create(n: number): Promise<void> {
    this.#sandboxes.set(n, await this.make(n))
  }

  async remove(n: number): Promise<void> {
    const sandbox = this.sandbox(n)
    this.#sandboxes.delete(n)
    await sandbox.remove()
  }

  netns(n: number): string {
    return this.sandbox(n).path
  }

  sandbox(n: number): Sandbox {
    const sandbox = this.#sandboxes.get(n)
    if (!sandbox) throw new RangeError(`there is no sandbox ${n}`)
    return sandbox
  }

  protected make(n: number): Promise<Sandbox> {
    const { name, hostPort } = endpoint(n)
    return this.slipway.sandboxes.create({ name, publish: [`${hostPort}:${CONTAINER_PORT}`] })
  }

  async close(): Promise<void> {
    await this.slipway.close()
  }
}
