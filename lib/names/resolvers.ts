import { statSync } from 'node:fs'
import { DEFAULT_NETWORK, FAMILIES } from '../network/spec.js'
import { enter } from '../native.js'
import type { NetworkSpec } from '../network/spec.js'
import type { Settings } from '../options.js'
import { hostnameOf } from '../sandbox/files.js'
import { listNetworkRecords } from '../state/network-records.js'
import { listRecords, type SandboxRecord } from '../state/records.js'
import { NameTable, type NamedEndpoint } from './directory.js'
import { readHostFiles, type HostFiles } from './host-files.js'
import type { NameOptions } from './options.js'
import { setsNdots, upstreamsOf } from './resolv-conf.js'
import { Resolver } from './resolver/resolver.js'

/** The host's own files are read again after so many milliseconds. */
const HOST_FILES_AGE = 5000
/** Longer than a tick of the clock that files are dated by, in milliseconds. */
const TICK = 20

/**
 * The resolvers of the user-defined networks: one for each network, in whichever process opened the host first. A process
 * that finds the place taken leaves it to the other.
 */
export class Resolvers {
  readonly #settings: Settings
  readonly #stays: boolean
  /** Folders of the records. */
  readonly #sandboxes: string
  readonly #networks: string
  readonly #table = new NameTable()
  readonly #running = new Map<string, Promise<Resolver | undefined>>()
  /** What the table was made from. */
  #seen = ''
  #host: { files: HostFiles; read: number } | undefined
  #refreshing: Promise<void> | undefined

  /** @param stays - Whether this process stays; one that leaves at once serves nobody. */
  constructor(settings: Settings, folders: { sandboxes: string; networks: string }, stays: boolean) {
    this.#stays = stays
    this.#settings = settings
    this.#sandboxes = folders.sandboxes
    this.#networks = folders.networks
  }

  /** Serves the names of a network, unless that is done already. */
  async serve(spec: NetworkSpec): Promise<void> {
    if (spec.name === DEFAULT_NETWORK || !this.#stays) return
    const addresses = spec.subnets.flatMap(({ address }) => address ?? [])
    if (addresses.length === 0) return
    const running = this.#running.get(spec.id) ?? this.#listen(spec, addresses)
    this.#running.set(spec.id, running)
    try {
      // Another process serves: it may end one day, and the next one here takes over.
      if (!(await running)) this.#running.delete(spec.id)
    } catch (error) {
      this.#running.delete(spec.id)
      throw error
    }
  }

  /** Stops serving a network. */
  async stop(id: string): Promise<void> {
    const running = this.#running.get(id)
    this.#running.delete(id)
    await (await running?.catch(() => undefined))?.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)))
  }

  async #listen(spec: NetworkSpec, addresses: readonly string[]): Promise<Resolver | undefined> {
    const { netns } = this.#settings
    const directory = this.#table.directory(spec.name, () => this.#refresh())
    const { resolver } = await Resolver.listen({ directory, addresses, inHost: (work) => (netns === undefined ? work() : enter(netns, work)) })
    return resolver
  }

  /** Reads the records when something about them has changed: any process may have made or removed sandboxes. */
  #refresh(): Promise<void> | undefined {
    const now = `${changed(this.#sandboxes)} ${changed(this.#networks)}`
    const stale = this.#host === undefined || Date.now() - this.#host.read > HOST_FILES_AGE
    if (now === this.#seen && !stale) return this.#refreshing
    this.#refreshing ??= this.#read(now).finally(() => (this.#refreshing = undefined))
    return this.#refreshing
  }

  async #read(seen: string): Promise<void> {
    const files = await readHostFiles()
    const records = await listRecords(this.#sandboxes)
    const internal = new Set((await listNetworkRecords(this.#networks)).filter(({ record }) => record.spec.internal).map(({ record }) => record.name))
    this.#table.replace(records.flatMap(({ record }) => this.#named(record, files, internal)))
    this.#host = { files, read: Date.now() }
    // A change in the same tick of the clock would not be seen.
    this.#seen = Date.now() - newest(this.#sandboxes, this.#networks) < TICK ? '' : seen
  }

  #named(record: SandboxRecord, files: HostFiles, internal: ReadonlySet<string>): NamedEndpoint[] {
    const { dns, dnsSearch, dnsOptions } = this.#settings
    const options: NameOptions = { ...(dns ? { dns } : {}), ...(dnsSearch ? { dnsSearch } : {}), ...(dnsOptions ? { dnsOptions } : {}), ...record.names }
    const isolated = record.endpoints.every(({ network }) => internal.has(network))
    return record.endpoints
      .filter(({ network }) => network !== DEFAULT_NETWORK)
      .map(({ network, addresses, asked }) => ({
        network,
        sandbox: record.name,
        shortId: record.id.slice(0, 12),
        hostname: hostnameOf(record),
        aliases: asked.aliases ?? [],
        addresses: FAMILIES.flatMap((family) => addresses[family]?.address ?? []),
        upstreams: isolated ? [] : upstreamsOf(files.nameservers, options),
        forwardsSingleNames: !setsNdots(files.nameservers, options),
      }))
  }
}

const newest = (...folders: readonly string[]): number => Math.max(...folders.map((folder) => statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0))

/** A folder changes with each record that comes or goes, and with each that is replaced. */
function changed(folder: string): string {
  const stat = statSync(folder, { throwIfNoEntry: false, bigint: true })
  return stat ? `${stat.ino}:${stat.mtimeNs}` : ''
}
