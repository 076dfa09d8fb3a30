import { isAddressClaim, ownedBySandboxes, portMaps } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { ElementInfo } from '../kernel/native.js'
import type { Element, Family, Operation, SetDefinition } from '../plan/operation.js'
import { Slices } from '../admission/slices.js'
import { ownerComment, readOwner } from '../store/owner.js'
import { leadsElsewhere } from './set-contents.js'
import type { SandboxRecord } from '../store/records.js'

/** An element of the ruleset's sets, and the sandbox that it belongs to. */
export interface Owned {
  set: SetDefinition
  element: ElementInfo
  /** As {@link commentOf} the sandbox has it. */
  owner: string
}

/** All elements that belong to sandboxes: tens of thousands, where ports are many. */
export class OwnedElements implements Iterable<Owned> {
  // By the set's name. A key is in a set once.
  readonly #byKey = new Map<string, Map<string, Owned>>()
  readonly #published = new Map<string, Owned[]>()
  readonly #counts = new Map<string, number>()

  /** @param tables - Families whose table is there. */
  static async read(host: Host, tables: ReadonlySet<Family>): Promise<OwnedElements> {
    const owned = new OwnedElements()
    const slices = new Slices()
    const sets = ownedBySandboxes.filter(({ family }) => tables.has(family))
    // Asked for at once: the answers come one after the other, and nobody waits between them.
    const found = await Promise.all(sets.map((set) => host.find('elements', set)))
    for (const [index, set] of sets.entries()) await owned.#put(set, found[index] ?? [], slices)
    return owned
  }

  /** Those alone that operations add, each asked for by itself: for a few sandboxes. */
  static async readFew(host: Host, operations: readonly Operation[]): Promise<OwnedElements> {
    const owned = new OwnedElements()
    const slices = new Slices()
    const found = new Map<SetDefinition, ElementInfo[]>()
    for (const operation of operations) {
      const set = ownedBySandboxes.find(
        (one) => operation.op === 'element.add' && one.set === operation.set && one.family === operation.family,
      )
      if (!set || operation.op !== 'element.add') continue
      const there = found.get(set) ?? []
      found.set(set, there)
      for (const { key } of operation.elements) {
        const element = await host.find('element', { ...set, key })
        if (element) there.push(element)
      }
    }
    for (const [set, elements] of found) await owned.#put(set, elements, slices)
    return owned
  }

  *[Symbol.iterator](): Iterator<Owned> {
    for (const elements of this.#byKey.values()) yield* elements.values()
  }

  get(set: Pick<SetDefinition, 'set'>, key: string): Owned | undefined {
    return this.#byKey.get(set.set)?.get(key)
  }

  /** Whether an element of a sandbox is there. */
  has(record: SandboxRecord, set: Pick<SetDefinition, 'set'>, key: string): boolean {
    return this.get(set, key)?.owner === commentOf(record)
  }

  /** Whether it is there, and leads where it is to lead. */
  hasAs(record: SandboxRecord, set: Pick<SetDefinition, 'set'>, element: Element): boolean {
    const there = this.get(set, element.key)
    return there !== undefined && there.owner === commentOf(record) && !leadsElsewhere(element, there.element)
  }

  /** Whether all elements are there that an operation adds, and lead where they are to lead. */
  hasAll(record: SandboxRecord, operation: Operation): boolean {
    return (
      operation.op !== 'element.add' || operation.elements.every((element) => this.hasAs(record, operation, element))
    )
  }

  /** How many there are of a sandbox, but for claims of addresses: those may be of endpoints that have gone. */
  countOf(record: SandboxRecord): number {
    return this.#counts.get(commentOf(record)) ?? 0
  }

  /** The published ports of a sandbox, as the kernel has them. */
  publishedOf(record: SandboxRecord): readonly Owned[] {
    return this.#published.get(commentOf(record)) ?? []
  }

  async #put(set: SetDefinition, elements: readonly ElementInfo[], slices: Slices): Promise<void> {
    const byKey = new Map<string, Owned>()
    for (const element of elements) {
      const pause = slices.next()
      if (pause) await pause
      if (!readOwner(element.comment)) continue
      const one: Owned = { set, element, owner: element.comment }
      byKey.set(element.key, one)
      if (!isAddressClaim(set)) this.#counts.set(one.owner, (this.#counts.get(one.owner) ?? 0) + 1)
      if (portMaps.includes(set)) this.#publish(one)
    }
    this.#byKey.set(set.set, byKey)
  }

  #publish(one: Owned): void {
    const there = this.#published.get(one.owner)
    if (there) there.push(one)
    else this.#published.set(one.owner, [one])
  }
}

/** Name and id: of two records that have come to have one id, each has its own. */
export const commentOf = ({ name, id }: Pick<SandboxRecord, 'name' | 'id'>): string => ownerComment(name, id)
