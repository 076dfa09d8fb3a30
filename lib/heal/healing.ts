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

/** What of a network could not be given back to a sandbox, and why. */
export interface Loss {
  network: string
  sentence: string
}

export const untouched = (item: StoredRecord): Healing => ({ item, healed: false, relinked: false, lost: [] })
