import { join } from 'node:path'
import { SlipwayError } from '../errors.js'
import type { Host } from '../host.js'
import type { NameOptions } from '../names/options.js'
import type { Resolvers } from '../names/resolvers.js'
import type { NetworkRegistry } from '../network/registry.js'
import type { Settings } from '../options.js'
import { explained } from '../refusals.js'
import type { Spares } from '../pool/spares.js'
import type { DynamicPorts } from '../ports/dynamic-ports.js'
import type { Holders } from '../ports/holders.js'
import type { PortTable } from '../ports/port-table.js'
import type { Turns } from '../turns.js'
import type { Departures } from './departures.js'
import type { Reaper } from './reaper.js'

/** What the sandboxes and networks of one Slipway share. */
export interface Context {
  readonly host: Host
  readonly settings: Settings
  /** Folder of the sandboxes' records. */
  readonly records: string
  /** Folder of the sandboxes' files: `hostname`, `hosts` and `resolv.conf`. */
  readonly files: string
  readonly networks: NetworkRegistry
  readonly resolvers: Resolvers
  /** What sandboxes have that say nothing of their names. */
  readonly names: NameOptions
  readonly ports: PortTable
  readonly dynamicPorts: DynamicPorts
  readonly holders: Holders
  readonly spares: Spares
  readonly turns: Turns
  readonly reaper: Reaper
  readonly departures: Departures
  readonly work: Work
}

/** Each host namespace has folders of its own, so that two hosts may share a state directory. */
export const stateFolder = (settings: Settings, host: Pick<Host, 'identity'>, what: (typeof FOLDERS)[number]): string =>
  join(settings.stateDir, String(host.identity), what)

const FOLDERS = ['sandboxes', 'networks', 'files', 'holders', 'pool'] as const

/** All that a host may have, from the state directory on. */
export const stateFolders = ({ identity }: Pick<Host, 'identity'>): string[] => [
  String(identity),
  ...FOLDERS.map((what) => join(String(identity), what)),
]

/** The host's own namespace, as this process sees it: another one's /proc entry may be gone by now. */
export const hostPath = (settings: Settings): string => settings.netns ?? `/proc/${process.pid}/ns/net`

export { NETNS_FOLDER } from '../state/sandbox-kind.js'

/** Calls in flight: close() lets no more begin, and waits for those that have. */
export class Work {
  #running = 0
  #closed = false
  #ended: (() => void) | undefined

  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  /** @throws {SlipwayError} `CLOSED` */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new SlipwayError('CLOSED', 'This Slipway was closed. Open another: Slipway.open().')
    this.#running++
    try {
      return await work()
    } catch (error) {
      throw await explained(error, this.#host)
    } finally {
      if (--this.#running === 0) this.#ended?.()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#ended = resolve))
  }
}
