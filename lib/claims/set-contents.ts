import { isSubnets } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { ElementInfo } from '../kernel/native.js'
import type { Family, Plan, SetDefinition } from '../plan/operation.js'

/** What sets hold, each asked for once. */
export class SetContents {
  readonly #host: Host
  readonly #tables: ReadonlySet<Family> | undefined
  readonly #sets = new Map<string, Promise<ElementInfo[]>>()

  /** @param tables - Families whose table is there, where that is known. */
  constructor(host: Host, tables?: ReadonlySet<Family>) {
    this.#host = host
    this.#tables = tables
  }

  /** Elements of a set; none where there is no such set. */
  of(set: SetDefinition): Promise<readonly ElementInfo[]> {
    const name = `${set.family} ${set.set}`
    const found = this.#sets.get(name) ?? this.#ask(set)
    this.#sets.set(name, found)
    return found
  }

  async #ask(set: SetDefinition): Promise<ElementInfo[]> {
    if (this.#tables && !this.#tables.has(set.family)) return []
    return (await this.#host.find('elements', set)) ?? []
  }

  async has(set: SetDefinition, key: string): Promise<boolean> {
    return (await this.of(set)).some((element) => element.key === key)
  }

  /**
   * A plan without the elements that are there already. A subnet that another network has is not there: the plan will
   * be refused.
   */
  async lacking(plan: Plan): Promise<Plan> {
    const left: Plan[number][] = []
    for (const operation of plan) {
      if (operation.op !== 'element.add') {
        left.push(operation)
        continue
      }
      const there = new Map((await this.of(operation)).map(({ key, comment }) => [key, comment]))
      const isThere = (key: string, comment = '') =>
        isSubnets(operation) ? there.get(key) === comment : there.has(key)
      const elements = operation.elements.filter(({ key, comment }) => !isThere(key, comment))
      if (elements.length > 0) left.push({ ...operation, elements })
    }
    return left
  }
}
