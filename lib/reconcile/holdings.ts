import type { Host } from '../host.js'
import type { ElementInfo } from '../native.js'
import type { Plan, SetDefinition } from '../plan/operation.js'

/** What sets hold, each asked for once. */
export class Holdings {
  readonly #host: Host
  readonly #sets = new Map<string, Promise<ElementInfo[]>>()

  constructor(host: Host) {
    this.#host = host
  }

  /** Elements of a set; none where there is no such set. */
  of(set: SetDefinition): Promise<readonly ElementInfo[]> {
    const name = `${set.family} ${set.set}`
    const found = this.#sets.get(name) ?? this.#host.find('elements', set).then((elements) => elements ?? [])
    this.#sets.set(name, found)
    return found
  }

  async has(set: SetDefinition, key: string): Promise<boolean> {
    return (await this.of(set)).some((element) => element.key === key)
  }

  /** A plan without the elements that are there already. */
  async lacking(plan: Plan): Promise<Plan> {
    const left: Plan[number][] = []
    for (const operation of plan) {
      if (operation.op !== 'element.add') {
        left.push(operation)
        continue
      }
      const there = new Set((await this.of(operation)).map(({ key }) => key))
      const elements = operation.elements.filter(({ key }) => !there.has(key))
      if (elements.length > 0) left.push({ ...operation, elements })
    }
    return left
  }
}
