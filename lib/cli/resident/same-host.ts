import { readOpenOptions, type OpenOptions } from '../../api/options.js'
import type { Settings } from '../../base/settings.js'
import { identityOf, isSameForAll } from '../caller.js'
import { asUsage } from '../failures.js'
import type { GivenHost } from '../usage/host-flags.js'

/** The host that this process has open, and how it was opened. */
export class ThisHost {
  readonly #netns: string
  readonly #settings: string

  /** @param options - What it was opened with. */
  constructor(options: OpenOptions) {
    this.#netns = identityOf(options.netns ?? '/proc/self/ns/net')
    this.#settings = comparable(readOpenOptions(options))
  }

  /**
   * Whether a command would open the same host in the same way: then it is all the same who does it.
   *
   * @param typedIn - The network namespace that it was typed in, as `device:inode`.
   * @throws {UsageError} where a value is malformed.
   */
  isMeant({ options, config }: GivenHost, typedIn: string): boolean {
    // This process reads no files for others.
    if (config !== undefined) return false
    if (options.stateDir !== undefined && !isSameForAll(options.stateDir)) return false
    const settings = asUsage(() => readOpenOptions(options))
    const { netns } = settings
    const meant = netns === undefined ? typedIn : isSameForAll(netns) ? identityOf(netns) : undefined
    return meant === this.#netns && comparable(settings) === this.#settings
  }
}

const comparable = ({ netns: _, heal: _heal, pool: _pool, ...settings }: Settings): string => JSON.stringify(settings)
