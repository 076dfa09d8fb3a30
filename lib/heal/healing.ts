import type { StoredRecord } from '../store/records.js'

/** What has become of a sandbox of which something was missing. */
export interface Healing {
  /** As it is by now. */
  item: StoredRecord
  /** Whether something was given back. */
  healed: boolean
  /** Whether links were made again. */
  relinked: boolean
  lost: Loss[]
}

/** What could not be given back to a sandbox, and why. */
export interface Loss {
  /** The network that it is of. Left out of ports. */
  network?: string
  sentence: string
  /** It was taken away again while it was given back: it may be tried again. */
  again?: true
}

export const untouched = (item: StoredRecord): Healing => ({ item, healed: false, relinked: false, lost: [] })
