import { now } from '../base/timers.js'
import { FollowedFolder } from '../store/followed-folder.js'
import type { SandboxRecord } from '../store/records.js'
import { SANDBOX } from '../store/sandbox-kind.js'
import { NameTable } from './directory.js'
import { readHostFiles } from './host-files.js'
import { inHostOf } from './in-host.js'
import { namedEndpoints } from './named-endpoints.js'
import { parseResolvConf, type ResolvConf } from './resolv-conf.js'
import { duplicateListeners } from './resolver/listen.js'
import { Resolver } from './resolver/resolver.js'
import { Shares } from './resolver/shares.js'
import { Tally } from './resolver/tally.js'
import type { ServedHost, ServedNetwork } from './thread-messages.js'

/** The host's own files are read again after so many milliseconds. */
const HOST_FILES_AGE = 5000

/** The networks whose names this thread answers, and what it knows of the host's sandboxes: their records. */
export class ServedNames {
  readonly #host: ServedHost
  readonly #table = new NameTable()
  readonly #sandboxes: FollowedFolder<SandboxRecord>
  readonly #shares: Shares
  readonly #resolvers = new Map<string, Resolver>()
  #nameservers: ResolvConf = parseResolvConf('')
  /** When the host's files were read. */
  #read = -Infinity
  #reading: Promise<void> | undefined

  constructor(host: ServedHost) {
    this.#host = host
    this.#shares = new Shares(new Tally(host.tally))
    this.#sandboxes = new FollowedFolder(host.sandboxes, SANDBOX, {
      put: (name, record) =>
        this.#table.learn(
          name,
          namedEndpoints(record, () => this.#nameservers),
        ),
      gone: (name) => this.#table.learn(name, []),
    })
  }

  /** @throws {SlipwayError} `KERNEL`, when there are too many descriptors. */
  serve({ id, name, subnets, listeners }: ServedNetwork): void {
    const directory = this.#table.directory(name, () => this.#refresh())
    this.#resolvers.set(
      id,
      new Resolver({
        directory,
        listeners: duplicateListeners(listeners),
        subnets,
        inHost: inHostOf(this.#host.netns),
        shares: this.#shares,
      }),
    )
  }

  /** Resolves when its sockets are closed. */
  async stop(id: string): Promise<void> {
    const resolver = this.#resolvers.get(id)
    this.#resolvers.delete(id)
    await resolver?.close()
  }

  #refresh(): Promise<void> | undefined {
    const sandboxes = this.#sandboxes.refresh()
    if (now() - this.#read < HOST_FILES_AGE) return sandboxes
    const hostFiles = (this.#reading ??= this.#readHostFiles())
    if (this.#read === -Infinity) return Promise.all([sandboxes, hostFiles]).then(() => undefined)
    // Later ones are read by the way: sandboxes' names do not wait for them. Where that fails, it is tried again.
    hostFiles.catch(() => undefined)
    return sandboxes
  }

  async #readHostFiles(): Promise<void> {
    const { netns } = this.#host
    try {
      this.#nameservers = (await readHostFiles(netns === undefined ? {} : { netns })).nameservers
      this.#read = now()
    } finally {
      this.#reading = undefined
    }
  }
}
