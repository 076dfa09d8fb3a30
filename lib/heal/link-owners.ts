import { listRecords, type SandboxRecord } from '../store/records.js'
import { bridgesOf, hostLinksOf } from './links-of.js'

/** So many links that this process takes away are remembered: each is heard of soon. */
const MOST = 4096

/** Which sandbox a link of the host is of, and which links are those of networks that sandboxes are on. */
export class LinkOwners {
  readonly #records: string
  #sandboxes = new Map<string, string>()
  #bridges = new Set<string>()
  readonly #leaving = new Set<string>()

  /** @param records - Folder of the sandboxes' records. */
  constructor(records: string) {
    this.#records = records
  }

  know(records: readonly SandboxRecord[]): void {
    this.#sandboxes = new Map()
    this.#bridges = new Set()
    for (const record of records) this.#add(record)
  }

  /** This process has made (without a record before), changed or removed (without one after) a sandbox. */
  did(before: SandboxRecord | undefined, after: SandboxRecord | undefined): void {
    const stay = new Set(after && hostLinksOf(after))
    for (const link of before ? hostLinksOf(before) : []) {
      if (stay.has(link)) continue
      this.#sandboxes.delete(link)
      this.#leaving.add(link)
    }
    for (const link of this.#leaving) {
      if (this.#leaving.size <= MOST) break
      this.#leaving.delete(link)
    }
    if (after) this.#add(after)
  }

  /** Whether this process has taken a link away, which it is told once. */
  hasGone(link: string): boolean {
    return this.#leaving.delete(link)
  }

  /** Names of the sandboxes of these links, and whether one is a network's. Records are read for what is not known. */
  async of(links: readonly string[]): Promise<{ sandboxes: string[]; networks: boolean }> {
    if (links.some((link) => !this.#sandboxes.has(link) && !this.#bridges.has(link)))
      this.know((await listRecords(this.#records)).map(({ record }) => record))
    return {
      sandboxes: [...new Set(links.flatMap((link) => this.#sandboxes.get(link) ?? []))],
      networks: links.some((link) => this.#bridges.has(link)),
    }
  }

  #add(record: SandboxRecord): void {
    for (const link of hostLinksOf(record)) this.#sandboxes.set(link, record.name)
    for (const bridge of bridgesOf(record)) this.#bridges.add(bridge)
  }
}
