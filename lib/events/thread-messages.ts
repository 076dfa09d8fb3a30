import type { Fact } from './facts.js'

/** What the thread that follows records is given, and what it says. */

export interface FollowedFolders {
  sandboxes: string
  networks: string
  /** The drivers that a record may name. */
  drivers: readonly string[]
}

/** What a record says by now; nothing where it has gone. */
export interface FromRecords {
  id: string
  facts: readonly (readonly [string, Fact])[]
  /** When it was made, as it says: ISO 8601. Left out where it has gone. */
  created?: string
}

/**
 * A list of these; that all that was there has been said; or that what was done before a time has been, in milliseconds
 * since 1970.
 */
export type FromThread = readonly FromRecords[] | 'ready' | { settled: number }
