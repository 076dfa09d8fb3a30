import { SlipwayError } from '../base/errors.js'
import { sayDamage, type Damaged } from '../store/folder.js'

/** @throws {SlipwayError} `CONFLICT` for what a newer version has written: this one does not know what it is of. */
export function refuseNewer(one: Damaged): void {
  if (one.later) throw new SlipwayError('CONFLICT', sayDamage(one))
}

/**
 * What stands in records' places and is none: it is passed over and stays where it is, so the names are taken. What the
 * kernel has of these sandboxes and networks is nobody's to take away, until the files are mended or gone.
 */
export class DamagedRecords {
  readonly names = new Set<string>()
  /** A sentence each. */
  readonly damaged: string[] = []
  readonly #ids = new Set<string>()

  add(one: Damaged): void {
    this.names.add(one.name)
    this.damaged.push(sayDamage(one))
    // Its own, and those of its endpoints: whatever else is wrong, they may be right.
    for (const [id] of one.text?.matchAll(/[0-9a-f]{64}/g) ?? []) this.#ids.add(id)
  }

  /**
   * Whether something may be of one of them. @param id - Of a sandbox or an endpoint, or the first eleven digits or
   * more of one.
   */
  hasId(id: string): boolean {
    for (const one of this.#ids) if (one.startsWith(id)) return true
    return false
  }
}
