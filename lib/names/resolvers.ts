import { clock } from '../base/timers.js'
import { promises } from 'node:fs'
import type { StoredEndpoint } from '../store/endpoint.js'
import { RESOLVER_PORT, resolverAddresses } from '../policy/resolver-elements.js'
import { DEFAULT_NETWORK, type NetworkSpec } from '../store/network-spec.js'
import { Rounds } from '../base/rounds.js'
import { driverShapes } from '../store/driver-shapes.js'
import { FollowedFolder } from '../store/followed-folder.js'
import { makeFolder } from '../store/make-folder.js'
import { NETWORK } from '../store/network-kind.js'
import type { NetworkRecord } from '../store/network-records.js'
import { watchFolder } from '../base/watch-folder.js'
import { inHostOf } from './in-host.js'
import { bindListeners, closeListeners, PlaceTaken, type Listener } from './resolver/listen.js'
import { Tally, type Outcome } from './resolver/tally.js'
import { NamesThread } from './start-thread.js'

/** Between two attempts to serve what another process serves, in milliseconds. */
const ATTEMPT_AGE = 1000

type Served = Pick<NetworkSpec, 'id' | 'name' | 'subnets'>

export interface ServedCounts {
  networks: number
  questions: Readonly<Record<Outcome, number>>
}

interface Folders {
  sandboxes: string
  networks: string
}

/**
 * Who serves the names of a host's user-defined networks: each is served by one of the processes that stay, whichever
 * was first. A process that finds the place taken leaves it to the other, and takes it when the other goes: it watches
 * the folder of the networks' records, and a process that stops serving touches that.
 *
 * The sockets are this process's; a thread of its own answers what comes in ({@link NamesThread}).
 */
export class Resolvers {
  readonly #netns: string | undefined
  readonly #stays: boolean
  /** Folder of the networks' records. */
  readonly #folder: string
  readonly #networks: FollowedFolder<NetworkRecord>
  readonly #known = new Map<string, NetworkSpec>()
  readonly #told: (networks: Iterable<NetworkSpec>) => void
  /** The sockets of the networks that are served here, by their ids. */
  readonly #serving = new Map<string, readonly Listener[]>()
  readonly #thread: NamesThread
  readonly #tally = new Tally()
  readonly #rounds = new Rounds(() => this.#serveAll())
  #attempted = -Infinity
  #watcher: { close(): void } | undefined
  #closed = false

  /**
   * @param stays - Whether this process stays; one that leaves at once serves nobody.
   * @param told - Is told of all networks that have a record, now and whenever they may be others.
   */
  constructor(
    netns: string | undefined,
    folders: Folders,
    stays: boolean,
    told: (networks: Iterable<NetworkSpec>) => void = () => undefined,
  ) {
    this.#netns = netns
    this.#told = told
    this.#stays = stays
    this.#folder = folders.networks
    this.#thread = new NamesThread({
      netns,
      sandboxes: folders.sandboxes,
      drivers: [...driverShapes.keys()],
      tally: this.#tally.memory,
    })
    this.#networks = new FollowedFolder(folders.networks, NETWORK, {
      put: (name, { spec, removing }) => (removing ? this.#known.delete(name) : this.#known.set(name, spec)),
      gone: (name) => this.#known.delete(name),
    })
  }

  /** How many networks are served here, and what has become of the questions. */
  get served(): ServedCounts {
    return { networks: this.#serving.size, questions: this.#tally.read() }
  }

  /** Serves all networks that nobody serves, now and whenever they come. */
  async open(): Promise<void> {
    if (!this.#stays) return
    try {
      makeFolder(this.#folder)
      this.#watcher = watchFolder(this.#folder, this, (resolvers) => void resolvers.#look())
    } catch {
      // A folder that cannot be written is the plan's to tell of. Where inotify's limits are reached, the next open()
      // takes over.
    }
    await this.#look()
  }

  /**
   * Serves the names of a network, unless that is done already.
   *
   * @throws {SlipwayError} `KERNEL`
   */
  async serve(spec: Served): Promise<void> {
    if (!this.#stays) return this.#tell()
    const { id, name, subnets } = spec
    const addresses = resolverAddresses(spec)
    if (this.#closed || this.#serving.has(id) || name === DEFAULT_NETWORK || addresses.length === 0) return
    const listeners = this.#bind(addresses)
    if (!listeners) return
    try {
      this.#thread.serve({ id, name, subnets: subnets.map(({ subnet }) => subnet), listeners })
    } catch (error) {
      closeListeners(listeners)
      throw error
    }
    this.#serving.set(id, listeners)
  }

  /**
   * Called when a sandbox has joined networks: names are asked for soon. Serves networks whose server has died without
   * a word; that is tried once a second at most. `undefined` where there is nothing to wait for.
   */
  attend(endpoints: readonly StoredEndpoint[]): Promise<void> | undefined {
    if (endpoints.some(({ networkId }) => this.#serving.has(networkId))) this.#thread.start()
    const served = endpoints.every(
      ({ network, networkId }) => network === DEFAULT_NETWORK || this.#serving.has(networkId),
    )
    return served || !this.#stays || clock.now() - this.#attempted < ATTEMPT_AGE ? undefined : this.#look()
  }

  /** Stops serving a network. */
  async stop(id: string): Promise<void> {
    const listeners = this.#serving.get(id)
    this.#serving.delete(id)
    if (!listeners) return
    await this.#thread.stop(id)
    closeListeners(listeners)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watcher?.close()
    const served = [...this.#serving.values()]
    this.#serving.clear()
    await this.#thread.close()
    closeListeners(served.flat())
    if (served.length > 0) await this.#tell()
  }

  async #look(): Promise<void> {
    // What cannot be read now, or served, is looked at again with the next change.
    await this.#rounds.run().catch(() => undefined)
  }

  async #serveAll(): Promise<void> {
    this.#attempted = clock.now()
    await this.#networks.refresh()
    const networks = [...this.#known.values()]
    this.#told(networks)
    // Their bridges are gone, and the addresses may be another's by now.
    for (const id of [...this.#serving.keys()]) if (!networks.some((network) => network.id === id)) await this.stop(id)
    // One that is being made, or taken away, has no addresses yet or any more.
    for (const network of networks) await this.serve(network).catch(() => undefined)
  }

  /** Lets the others look. */
  async #tell(): Promise<void> {
    const now = new Date(clock.time())
    await promises.utimes(this.#folder, now, now).catch(() => undefined)
  }

  /** `undefined` where another process has the place. @throws {SlipwayError} `KERNEL` */
  #bind(addresses: readonly string[]): readonly Listener[] | undefined {
    try {
      return bindListeners(addresses, RESOLVER_PORT, inHostOf(this.#netns))
    } catch (error) {
      if (error instanceof PlaceTaken) return undefined
      throw error
    }
  }
}
