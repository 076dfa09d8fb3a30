import { Slices } from '../admission/slices.js'
import { removeOwn } from '../policy/elements.js'
import { isSubnets } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { ElementInfo } from '../kernel/native.js'
import type { Element, Family, Operation, Plan, SetDefinition } from '../plan/operation.js'

/** Says what sets hold. */
export abstract class Contents {
  /** What a set has at a key. */
  abstract get(set: SetDefinition, key: string): Promise<ElementInfo | undefined>

  /**
   * A plan without the elements that are there already. One that leads elsewhere under its owner's name gives way. A
   * subnet that another network has is not there: the plan will be refused.
   */
  async lacking(plan: Plan): Promise<Plan> {
    const left: Operation[] = []
    const slices = new Slices()
    for (const operation of plan) {
      const pause = slices.next()
      if (pause) await pause
      if (operation.op !== 'element.add') {
        left.push(operation)
        continue
      }
      const elements: Element[] = []
      const astray: (Element & { comment: string })[] = []
      for (const element of operation.elements) {
        const there = await this.get(operation, element.key)
        const { key, comment = '' } = element
        const isAstray = there !== undefined && this.isAstray(element, there)
        if (isAstray) astray.push({ key, data: there.data, comment })
        if (isAstray || !isAt(operation, element, there)) elements.push(element)
      }
      const { op: _, elements: __, ...set } = operation
      if (astray.length > 0) left.push(removeOwn(set, ...astray))
      if (elements.length > 0) left.push({ ...operation, elements })
    }
    return left
  }

  /** Whether all elements that a plan adds are there: as its owners', and leading where they are to lead. */
  async hold(plan: Plan): Promise<boolean> {
    for (const operation of plan) {
      if (operation.op !== 'element.add') continue
      for (const element of operation.elements) {
        const there = await this.get(operation, element.key)
        if (there?.comment !== (element.comment ?? '') || leadsElsewhere(element, there)) return false
      }
    }
    return true
  }

  /** Whether an element is its owner's, and leads elsewhere. */
  protected isAstray(element: Element, there: ElementInfo): boolean {
    return element.comment !== undefined && there.comment === element.comment && leadsElsewhere(element, there)
  }
}

/** What sets hold, each asked for once: for many keys. */
export class SetContents extends Contents {
  readonly #host: Host
  readonly #tables: ReadonlySet<Family> | undefined
  readonly #sets = new Map<string, Promise<ReadonlyMap<string, ElementInfo>>>()

  /** @param tables - Families whose table is there, where that is known. */
  constructor(host: Host, tables?: ReadonlySet<Family>) {
    super()
    this.#host = host
    this.#tables = tables
  }

  /** Elements of a set; none where there is no such set. */
  async of(set: SetDefinition): Promise<readonly ElementInfo[]> {
    return [...(await this.#contentsOf(set)).values()]
  }

  async get(set: SetDefinition, key: string): Promise<ElementInfo | undefined> {
    return (await this.#contentsOf(set)).get(key)
  }

  async has(set: SetDefinition, key: string): Promise<boolean> {
    return (await this.get(set, key)) !== undefined
  }

  #contentsOf(set: SetDefinition): Promise<ReadonlyMap<string, ElementInfo>> {
    const name = `${set.family} ${set.set}`
    const found = this.#sets.get(name) ?? this.#ask(set)
    this.#sets.set(name, found)
    return found
  }

  async #ask(set: SetDefinition): Promise<ReadonlyMap<string, ElementInfo>> {
    if (this.#tables && !this.#tables.has(set.family)) return new Map()
    return new Map((await this.#host.find('elements', set))?.map((element) => [element.key, element]))
  }
}

/** What sets hold by now, asked for key by key: for a few. */
export class SingleElements extends Contents {
  readonly #host: Host

  constructor(host: Host) {
    super()
    this.#host = host
  }

  get(set: SetDefinition, key: string): Promise<ElementInfo | undefined> {
    return this.#host.find('element', { ...set, key })
  }
}

/** Whether what is there says something else of a key, or says it only for some packets. */
export const leadsElsewhere = ({ data = '' }: Element, there: ElementInfo): boolean =>
  there.data !== data || there.conditional === true

const isAt = (set: SetDefinition, { comment = '' }: Element, there: ElementInfo | undefined): boolean =>
  there !== undefined && (!isSubnets(set) || there.comment === comment)
