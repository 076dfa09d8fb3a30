import type { Network } from '../../api/networks/network.js'
import type { Slipway } from '../../api/slipway.js'
import { SlipwayError } from '../../base/errors.js'
import type { CreateNetworkOptions } from '../../networks/create-options.js'
import { NETWORK, nameOf } from './call.js'
import type { Kept } from './kept.js'

/** The networks of dockerd's: each stays until dockerd deletes it, whatever happens to the host. */
export class NetworksKept {
  readonly #slipway: Slipway
  readonly #kept: Kept
  /** Those that are known to be there, by dockerd's id. */
  readonly #there = new Map<string, Network>()

  constructor(slipway: Slipway, kept: Kept) {
    this.#slipway = slipway
    this.#kept = kept
  }

  /**
   * Makes those that are not there, as after a start of the machine, and removes those that dockerd was never told to
   * have.
   *
   * @returns What has failed, a sentence each.
   */
  async restore(): Promise<string[]> {
    const failures: string[] = []
    const known = new Set(this.#kept.list('networks'))
    for (const network of await this.#slipway.networks.list()) {
      const { [NETWORK]: id } = network.labels
      if (id === undefined) continue
      if (known.has(id)) this.#there.set(id, network)
      else await network.remove().catch((error: unknown) => failures.push(`${nameOf(id)} stays: ${whyOf(error)}`))
    }
    for (const id of known)
      if (!this.#there.has(id))
        await this.get(id).catch((error: unknown) =>
          failures.push(`dockerd's network ${id} cannot be made again: ${whyOf(error)}`),
        )
    return failures
  }

  /** Makes a network; the same one again, when dockerd asks again. */
  async create(id: string, options: CreateNetworkOptions): Promise<void> {
    const network = (await this.#find(id)) ?? (await this.#slipway.networks.create(options))
    const { signal: _, ...kept } = options
    try {
      // From here on, dockerd's network is there.
      this.#kept.write('networks', id, kept)
    } catch (error) {
      await network.remove()
      throw error
    }
    this.#there.set(id, network)
  }

  /** Made again, if somebody has removed it. @throws {SlipwayError} `NOT_FOUND` where dockerd has none of that id. */
  async get(id: string): Promise<Network> {
    const there = this.#there.get(id)
    if (there) return there
    const options = this.#kept.read('networks', id) as CreateNetworkOptions | undefined
    if (!options) throw new SlipwayError('NOT_FOUND', `There is no network ${id} that dockerd has made here.`)
    const network = (await this.#find(id)) ?? (await this.#slipway.networks.create(options))
    this.#there.set(id, network)
    return network
  }

  /** Does something on a network. Where somebody has removed that, it is made again, and the call is to come again. */
  async on<T>(id: string, use: (network: Network) => Promise<T>): Promise<T> {
    try {
      return await use(await this.get(id))
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'NOT_FOUND') this.#there.delete(id)
      throw error
    }
  }

  /** The id of the one that has a subnet. */
  withSubnet(subnet: string): string | undefined {
    for (const [id, { subnets }] of this.#there) if (subnets.includes(subnet)) return id
    return undefined
  }

  async remove(id: string): Promise<void> {
    const network = await this.#find(id)
    this.#kept.remove('networks', id)
    this.#there.delete(id)
    await network?.remove()
  }

  async #find(id: string): Promise<Network | undefined> {
    return (await this.#slipway.networks.list({ label: `${NETWORK}=${id}` }))[0]
  }
}

const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
