import type { Host } from '../kernel/host.js'
import type { ElementInfo } from '../kernel/native.js'
import type { Element, ElementAdd, Family, Plan, SetDefinition } from '../plan/operation.js'
import { elementName } from '../policy/elements.js'
import { keptElements } from '../policy/replacement.js'
import { TABLE } from '../policy/sets.js'
import { Contents, leadsElsewhere, SetContents } from './set-contents.js'

/**
 * What sets hold once some of them are made anew under their name: what they held, with its counters, but for what
 * leads elsewhere than it should.
 */
export class RemadeSets extends Contents {
  readonly #others: Contents
  readonly #remade: ReadonlySet<string>
  readonly #kept = new Map<string, ElementInfo>()
  readonly #plan: ElementAdd[] = []

  private constructor(others: Contents, remade: ReadonlySet<string>) {
    super()
    this.#others = others
    this.#remade = remade
  }

  /**
   * @param tables - Families whose table is there.
   * @param remade - The sets that are made anew.
   * @param expected - What is to be in them.
   */
  static async read(
    host: Host,
    tables: ReadonlySet<Family>,
    remade: readonly Pick<SetDefinition, 'family' | 'set'>[],
    expected: Plan,
  ): Promise<RemadeSets> {
    const names = new Set(remade.map(({ set }) => set))
    const contents = new RemadeSets(new SetContents(host, tables), names)
    for (const family of new Set(remade.map((set) => set.family))) {
      // A type that we have no name for is none of ours: nothing of it can be kept.
      const sets = (await host.ask('sets', { family, name: TABLE })).filter(
        ({ set, type }) => names.has(set) && type !== '',
      )
      for (const set of sets) {
        const elements = await host.ask('elements', { family, table: TABLE, ...set })
        contents.#keep(keptElements({ family, sets: [{ set, elements }] }), elements, expected)
      }
    }
    return contents
  }

  /** Puts what is kept into the new sets. */
  plan(): Plan {
    return this.#plan
  }

  async get(set: SetDefinition, key: string): Promise<ElementInfo | undefined> {
    return this.#remade.has(set.set) ? this.#kept.get(elementName(set, key)) : this.#others.get(set, key)
  }

  #keep(plan: readonly ElementAdd[], there: readonly ElementInfo[], expected: Plan): void {
    const byKey = new Map(there.map((element) => [element.key, element]))
    for (const operation of plan) {
      const due = elementsIn(operation.set, expected)
      const elements = operation.elements.filter(({ key }) => {
        const [is, should] = [byKey.get(key), due.get(key)]
        const isAstray = is && should?.comment === is.comment && leadsElsewhere(should, is)
        if (is && !isAstray) this.#kept.set(elementName(operation, key), is)
        return !isAstray
      })
      if (elements.length > 0) this.#plan.push({ ...operation, elements })
    }
  }
}

const elementsIn = (set: string, plan: Plan): Map<string, Element> =>
  new Map(
    plan.flatMap((operation) =>
      operation.op === 'element.add' && operation.set === set
        ? operation.elements.map((element): [string, Element] => [element.key, element])
        : [],
    ),
  )
