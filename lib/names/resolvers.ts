import { mkdirSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { getSystemErrorName } from 'node:util'
import type { StoredEndpoint } from '../store/endpoint.js'
import { SlipwayError } from '../base/errors.js'
import { enter, type NativeFailure } from '../kernel/native.js'
import { RESOLVER_PORT, resolverAddresses } from '../policy/resolver-elements.js'
import { DEFAULT_NETWORK, type NetworkSpec } from '../store/network-spec.js'
import { Rounds } from '../base/rounds.js'
import { FollowedFolder } from '../store/followed-folder.js'
import { NETWORK } from '../store/network-kind.js'
import type { NetworkRecord } from '../store/network-records.js'
import type { SandboxRecord } from '../store/records.js'
import { SANDBOX } from '../store/sandbox-kind.js'
import { watchFolder } from '../base/watch-folder.js'
import { NameTable } from './directory.js'
import { readHostFiles } from './host-files.js'
import { namedEndpoints } from './named-endpoints.js'
import { parseResolvConf, type ResolvConf } from './resolv-conf.js'
import type { Resolver, Shares } from './resolver/resolver.js'

/** The host's own files are read again after so many milliseconds. */
const HOST_FILES_AGE = 5000
/** Between two attempts to serve what another process serves, in milliseconds. */
const ATTEMPT_AGE = 1000

type Served = Pick<NetworkSpec, 'id' | 'name' | 'subnets'>

interface Folders {
  sandboxes: string
  networks: string
}

/**
 * The resolvers of the user-defined networks of a host: each is in one process of those that stay, whichever was first.
 * Who finds the place taken leaves it to the other, and takes it when the other goes: the folder of the networks'
 * records is watched, and who stops serving touches it.
 */
export class Resolvers {
  readonly #netns: string | undefined
  readonly #stays: boolean
  /** Folder of the networks' records. */
  readonly #folder: string
  readonly #table = new NameTable()
  readonly #sandboxes: FollowedFolder<SandboxRecord>
  readonly #networks: FollowedFolder<NetworkRecord>
  readonly #known = new Map<string, NetworkSpec>()
  readonly #told: (networks: Iterable<NetworkSpec>) => void
  readonly #running = new Map<string, Promise<Resolver | undefined>>()
  readonly #rounds = new Rounds(() => this.#serveAll())
  #attempted = -Infinity
  #nameservers: ResolvConf = parseResolvConf('')
  /** When the host's files were read. */
  #read = -Infinity
  #watcher: { close(): void } | undefined
  #shares: Shares | undefined
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
    this.#sandboxes = new FollowedFolder(folders.sandboxes, SANDBOX, {
      put: (name, record) =>
        this.#table.learn(
          name,
          namedEndpoints(record, () => this.#nameservers),
        ),
      gone: (name) => this.#table.learn(name, []),
    })
    this.#networks = new FollowedFolder(folders.networks, NETWORK, {
      put: (name, { spec }) => this.#known.set(name, spec),
      gone: (name) => this.#known.delete(name),
    })
  }

  /** Serves all networks that nobody serves, now and whenever they come. */
  async open(): Promise<void> {
    if (!this.#stays) return
    try {
      mkdirSync(this.#folder, { recursive: true })
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
    const addresses = resolverAddresses(spec)
    if (this.#closed || spec.name === DEFAULT_NETWORK || addresses.length === 0) return
    const running = this.#running.get(spec.id) ?? this.#listen(spec, addresses)
    this.#running.set(spec.id, running)
    const forget = () => {
      if (this.#running.get(spec.id) === running) this.#running.delete(spec.id)
    }
    try {
      if (!(await running)) forget()
    } catch (error) {
      forget()
      throw error
    }
  }

  /**
   * Called when a sandbox has joined networks: serves those whose server has died without a word. That is tried once a
   * second at most; `undefined` where there is nothing to wait for.
   */
  attend(endpoints: readonly StoredEndpoint[]): Promise<void> | undefined {
    const served = endpoints.every(
      ({ network, networkId }) => network === DEFAULT_NETWORK || this.#running.has(networkId),
    )
    return served || !this.#stays || performance.now() - this.#attempted < ATTEMPT_AGE ? undefined : this.#look()
  }

  /** Stops serving a network. */
  async stop(id: string): Promise<void> {
    const running = this.#running.get(id)
    this.#running.delete(id)
    await (await running?.catch(() => undefined))?.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watcher?.close()
    const served = [...this.#running.keys()]
    await Promise.all(served.map((id) => this.stop(id)))
    if (served.length > 0) await this.#tell()
  }

  async #look(): Promise<void> {
    // What cannot be read now, or served, is looked at again with the next change.
    await this.#rounds.run().catch(() => undefined)
  }

  async #serveAll(): Promise<void> {
    this.#attempted = performance.now()
    await this.#networks.refresh()
    const networks = [...this.#known.values()]
    this.#told(networks)
    // Their bridges are gone, and the addresses may be another's by now.
    for (const id of [...this.#running.keys()]) if (!networks.some((network) => network.id === id)) await this.stop(id)
    // One that is being made, or taken away, has no addresses yet or any more.
    for (const network of networks) await this.serve(network).catch(() => undefined)
  }

  /** Lets the others look. */
  async #tell(): Promise<void> {
    const now = new Date()
    await utimes(this.#folder, now, now).catch(() => undefined)
  }

  async #listen({ name, subnets }: Served, addresses: readonly string[]): Promise<Resolver | undefined> {
    const netns = this.#netns
    const directory = this.#table.directory(name, () => this.#refresh())
    // Loaded with the first network that somebody has created: with what reads DNS messages it is a fifth of
    // everything.
    const { Resolver, Shares } = await import('./resolver/resolver.js')
    this.#shares ??= new Shares()
    const { resolver } = await Resolver.listen({
      directory,
      addresses,
      port: RESOLVER_PORT,
      subnets: subnets.map(({ subnet }) => subnet),
      inHost: (work) => (netns === undefined ? work() : enterHost(netns, work)),
      shares: this.#shares,
    })
    return resolver
  }

  #refresh(): Promise<void> | undefined {
    const sandboxes = this.#sandboxes.refresh()
    if (performance.now() - this.#read < HOST_FILES_AGE) return sandboxes
    return Promise.all([sandboxes, this.#readHostFiles()]).then(() => undefined)
  }

  async #readHostFiles(): Promise<void> {
    this.#nameservers = (await readHostFiles(this.#netns === undefined ? {} : { netns: this.#netns })).nameservers
    this.#read = performance.now()
  }
}

/** What fails inside is the caller's. @throws {SlipwayError} `KERNEL` */
function enterHost<T>(netns: string, work: () => T): T {
  try {
    return enter(netns, work)
  } catch (error) {
    const { failure } = error as { failure?: NativeFailure }
    if (!failure) throw error
    const errnoName = getSystemErrorName(-failure.errno)
    throw new SlipwayError(
      'KERNEL',
      `The network namespace ${netns}, where a network's names are served, could not be entered: ${errnoName}.`,
      { errno: failure.errno, errnoName, syscall: failure.syscall },
      { cause: error },
    )
  }
}
