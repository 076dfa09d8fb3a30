import { Slipway, type Sandbox } from 'slipway'
import { CONTAINER_PORT, endpoint } from '../endpoint.js'
import type { TrialSpec } from '../trial-spec.js'
import { atOnce, type Bringer } from './arm.js'

/** As many are made at once of those that only have to be there. */
const CROWD = 200

/** Slipway itself, through its public API. */
export class Ours implements Bringer {
  readonly slipway: Slipway
  readonly #sandboxes = new Map<number, Sandbox>()

  constructor(slipway: Slipway) {
    this.slipway = slipway
  }

  static async open(): Promise<Ours> {
    return new Ours(await Slipway.open({ stateDir: '/run/slipway' }))
  }

  async prepare({ warmUp }: TrialSpec): Promise<void> {
    // The first ones alone: they warm up the path of one after another.
    const alone = Math.min(warmUp, 50)
    for (let n = 0; n < alone; n++) await this.create(n)
    await atOnce(warmUp - alone, CROWD, (i) => this.create(alone + i))
  }

  async create(n: number): Promise<void> {
    const { name, hostPort } = endpoint(n)
    this.#sandboxes.set(n, await this.slipway.sandboxes.create({ name, publish: [`${hostPort}:${CONTAINER_PORT}`] }))
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

  async close(): Promise<void> {
    await this.slipway.close()
  }
}
