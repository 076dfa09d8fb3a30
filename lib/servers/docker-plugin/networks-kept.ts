import type { Network } from '../../api/networks/network.js'
import type { Slipway } from '../../api/slipway.js'
import { SlipwayError } from '../../base/errors.js'
import { now } from '../../base/timers.js'
import type { CreateNetworkOptions } from '../../networks/create-options.js'
import { NETWORK, nameOf } from './call.js'
import type { Kept } from './kept.js'

/** Where dockerd has subnets from that it gives itself. */
const DOCKERD = 'LocalDefault'
/** So many milliseconds after it was told that a network is made, dockerd has that on its disk. */
const WRITTEN_MS = 1000

interface KeptNetwork extends CreateNetworkOptions {
  /** Where its subnets are from. */
  space: string
}

/** The networks of dockerd's: each stays until dockerd deletes it, whatever happens to the host. */
export class NetworksKept {
  readonly #slipway: Slipway
  readonly #kept: Kept
  /** Those that are known to be there, by dockerd's id. */
  readonly #there = new Map<string, Network>()
  /** When those were made of which it is not known yet that dockerd has them. */
  readonly #fresh = new Map<string, number>()
  /** Those of these that were made for an earlier dockerd, which may have been killed before it had them. */
  readonly #doubtful = new Set<string>()

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

  /**
   * Makes a network; the same one again, when dockerd asks again.
   *
   * @param space - Where dockerd has its subnets from.
   */
  async create(id: string, options: CreateNetworkOptions, space: string): Promise<void> {
    if (space === DOCKERD) await this.#removeForgotten(id, options)
    const network = (await this.#find(id)) ?? (await this.#slipway.networks.create(options))
    const { signal: _, ...kept } = options
    try {
      // From here on, dockerd's network is there.
      this.#kept.write('networks', id, { ...kept, space } satisfies KeptNetwork)
    } catch (error) {
      await network.remove()
      throw error
    }
    this.#there.set(id, network)
    this.#fresh.set(id, now())
  }

  /** Another dockerd is there: the first thing that it says. */
  doubt(): void {
    for (const id of this.#fresh.keys()) this.#doubtful.add(id)
    this.#fresh.clear()
  }

  /** dockerd lives, and has written down what it was told a while ago. */
  hear(): void {
    for (const [id, made] of this.#fresh) if (now() - made >= WRITTEN_MS) this.#fresh.delete(id)
  }

  /** dockerd has it, as it makes an endpoint there. */
  use(id: string): Promise<Network> {
    this.#fresh.delete(id)
    this.#doubtful.delete(id)
    return this.get(id)
  }

  /** Removes the network that has a subnet that dockerd asks for, where dockerd may not know of that network. */
  async yield(subnet: string): Promise<void> {
    const id = this.withSubnet(subnet)
    if (id !== undefined && this.#doubtful.has(id)) await this.remove(id)
  }

  /** Made again, if somebody has removed it. @throws {SlipwayError} `NOT_FOUND` where dockerd has none of that id. */
  async get(id: string): Promise<Network> {
    const there = this.#there.get(id)
    if (there) return there
    const kept = this.#read(id)
    if (!kept) throw new SlipwayError('NOT_FOUND', `There is no network ${id} that dockerd has made here.`)
    const { space: _, ...options } = kept
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

  /**
   * Also what dockerd has made on it, and was never told that it was made.
   *
   * @throws {SlipwayError} `CONFLICT`, where sandboxes are on it.
   */
  async remove(id: string): Promise<void> {
    await (await this.#find(id))?.remove()
    for (const known of [this.#there, this.#fresh, this.#doubtful]) known.delete(id)
    for (const endpoint of this.#kept.list('endpoints'))
      if ((this.#kept.read('endpoints', endpoint) as { network?: string } | undefined)?.network === id)
        this.#kept.remove('endpoints', endpoint)
    this.#kept.remove('networks', id)
  }

  /**
   * dockerd gives a subnet of its own to one network at a time. Another network that has it is one that dockerd was
   * never told that it was made, as Slipway was killed before it could answer.
   */
  async #removeForgotten(id: string, { subnets = [] }: CreateNetworkOptions): Promise<void> {
    for (const { subnet } of subnets) {
      const other = this.withSubnet(subnet)
      if (other !== undefined && other !== id && this.#read(other)?.space === DOCKERD) await this.remove(other)
    }
  }

  #read(id: string): KeptNetwork | undefined {
    return this.#kept.read('networks', id) as KeptNetwork | undefined
  }

  async #find(id: string): Promise<Network | undefined> {
    return (await this.#slipway.networks.list({ label: `${NETWORK}=${id}` }))[0]
  }
}

const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
