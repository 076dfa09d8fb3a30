import type { Circumstances } from '../../drivers/driver.js'
import { endpointsOf } from '../../drivers/index.js'
import { withIpv6Inside } from '../../drivers/ipv6-inside.js'
import { makeSpare, type Spare } from '../../drivers/plans/spare.js'
import { SlipwayError } from '../../base/errors.js'
import type { Host } from '../../kernel/host.js'
import { PlanRefused } from '../../kernel/refusal.js'
import { circumstancesOf, type ReadyNetwork } from '../../drivers/ready.js'
import { freeInterface } from '../../drivers/free-interface.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import type { NetworkRegistry } from '../../networks/registry.js'
import type { Plan } from '../../plan/operation.js'
import { releaseAddresses, takeFreeAddresses, type AddressGuesses } from '../../drivers/address-guesses.js'
import { explainRefusal } from '../../claims/refusals.js'
import { printEndpoints } from '../../store/records.js'
import { now, sleep } from '../../base/timers.js'
import type { Mark } from '../../store/pool-marks.js'

/**
 * So long is looked for an address whose MAC address no other port of the bridge has: those of spares that were dropped
 * go with their links.
 */
const PATIENCE_MS = 2000
const STEP_MS = 2

/** A sandbox that waits to be taken: on its network, with everything but its claims. */
export interface ReadySpare extends Spare {
  network: ReadyNetwork
  taken: AddressGuesses
  circumstances: Circumstances
  /** The endpoint as it will be in a record. */
  printed: string
  /** Tells its neighbours where it is, once it is taken. */
  announcement: Plan
}

/** The spare sandboxes of one network. */
export class NetworkPool {
  readonly name: string
  readonly size: number
  readonly #host: Host
  readonly #networks: NetworkRegistry
  readonly #mark: Mark
  readonly #records: string
  /** The first is the oldest, and the next to be taken. */
  #spares: ReadySpare[] = []
  /** The network that they are on. */
  #network: ReadyNetwork | undefined
  /** Taken, and not known yet whether a sandbox becomes of them. */
  #tried = 0
  making = 0
  claimed = 0
  missed = 0
  /** No more are made for now. */
  resting = false
  /** Why. */
  failure: unknown

  constructor(name: string, size: number, host: Host, networks: NetworkRegistry, mark: Mark, records: string) {
    this.name = name
    this.size = size
    this.#host = host
    this.#networks = networks
    this.#mark = mark
    this.#records = records
  }

  get ready(): number {
    return this.#spares.length
  }

  get lacks(): boolean {
    return !this.resting && this.ready + this.#tried < this.size
  }

  /** Whether it can serve a network, by name, id or the beginning of an id. */
  has(nameOrId: string): boolean {
    return this.ready > 0 && (this.name === nameOrId || this.#network?.spec.id.startsWith(nameOrId) === true)
  }

  /** The next that is on this very network; those that are on what it was before go. */
  take(network: ReadyNetwork): ReadySpare | undefined {
    if (this.#network !== network) this.#move(network)
    const spare = this.#spares.shift()
    if (spare) this.#tried++
    else this.missed++
    return spare
  }

  /** A sandbox has become of one. */
  settle(): void {
    this.#tried--
    this.claimed++
  }

  /** One was no good. */
  reject(spare: ReadySpare): void {
    this.#tried--
    this.drop([spare])
  }

  /** One was not used after all. */
  giveBack(spare: ReadySpare): void {
    this.#tried--
    if (spare.network === this.#network) this.#spares.unshift(spare)
    else this.drop([spare])
  }

  /** Makes one more. */
  async make(): Promise<void> {
    this.making++
    try {
      this.#mark.write()
      const network = await this.#networks.ready(this.name)
      if (this.#network !== network) this.#move(network)
      const spare = await this.#makeSomewhere(network)
      if (this.#network === network) this.#spares.push(spare)
      else this.drop([spare])
      this.failure = undefined
    } catch (error) {
      this.resting = true
      this.failure = error instanceof PlanRefused ? await explainRefusal(error, this.#host) : error
    } finally {
      this.making--
    }
  }

  /** Addresses come in turn, so that the next attempt has another. */
  async #makeSomewhere(network: ReadyNetwork): Promise<ReadySpare> {
    const deadline = now() + PATIENCE_MS
    for (;;) {
      try {
        return await this.#make(network)
      } catch (error) {
        const isTaken = error instanceof PlanRefused && network.driver.endpoints.spares?.isTaken(error)
        if (!isTaken || now() > deadline) throw error
      }
      await sleep(STEP_MS)
    }
  }

  async #make(network: ReadyNetwork): Promise<ReadySpare> {
    const taken = takeFreeAddresses(network)
    if (!taken)
      throw new SlipwayError(
        'EXHAUSTED',
        `No address is left for spare sandboxes on the network ${this.name}. Give a smaller size of the pool, or use a network with a larger subnet.`,
      )
    const endpoint = await this.#place(network, taken)
    const of = endpointsOf(endpoint)
    const { spares } = of
    if (!spares) throw new RangeError(`no spare sandboxes are made on networks of the driver ${endpoint.driver}`)
    const why = spares.unsuited?.(endpoint)
    if (why !== undefined) {
      releaseAddresses(network, taken)
      network.use.leave(endpoint)
      throw new SlipwayError('INVALID_ARGUMENT', why)
    }
    const name = spares.nameOf(endpoint)
    const circumstances = circumstancesOf(network)
    try {
      await withIpv6Inside(makeSpare(name, this.#records, endpoint, circumstances), (plan) => this.#host.runLater(plan))
      return {
        name,
        endpoint,
        checks: await spares.checks(this.#host, endpoint),
        network,
        taken,
        circumstances,
        printed: printEndpoints([endpoint]),
        announcement: of.announce(endpoint),
      }
    } catch (error) {
      this.drop([{ name, endpoint, network, taken }])
      // The next one goes elsewhere.
      if (error instanceof PlanRefused) network.use.hasOtherPlace(error)
      throw error
    }
  }

  async #place(network: ReadyNetwork, taken: AddressGuesses): Promise<StoredEndpoint> {
    try {
      return await network.use.draft(this.#mark.nextId(), freeInterface(network.spec.interfacePrefix, []), taken, {})
    } catch (error) {
      releaseAddresses(network, taken)
      throw error
    }
  }

  #move(network: ReadyNetwork | undefined): void {
    this.drop(this.empty())
    this.#network = network
    this.resting = false
    const place = network ? this.#mark.startingPlace() : 0
    if (place > 0) for (const { pool } of network?.pools ?? []) pool.startAt(place)
  }

  /** Takes all out; with an address, the one that has it. */
  empty(address?: string): ReadySpare[] {
    const has = ({ taken }: ReadySpare) =>
      address === undefined || Object.values(taken).some((one) => one.address === address)
    const out = this.#spares.filter(has)
    this.#spares = this.#spares.filter((spare) => !has(spare))
    return out
  }

  /** They go, and their addresses are free. */
  drop(spares: readonly Pick<ReadySpare, 'name' | 'endpoint' | 'network' | 'taken'>[]): void {
    if (spares.length === 0) return
    for (const { endpoint, network, taken } of spares) {
      releaseAddresses(network, taken)
      network.use.leave(endpoint)
    }
    void this.#host.runLater(spares.map(({ name }) => ({ op: 'netns.delete', path: name }))).catch(() => undefined)
  }
}
