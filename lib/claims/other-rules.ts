import type { Host } from '../kernel/host.js'
import type { PartInfo, RuleInfo } from '../kernel/native.js'
import type { Family, Operation } from '../plan/operation.js'
import { TABLE } from '../policy/sets.js'

/** The names of sets that a rule brings along, and that go with it, begin so. */
const ANONYMOUS = 'set __'

/** Rules that an administrator has put between ours: where a chain is filled anew, they are put there again. */
export class OtherRules {
  /** Every rule of the table, with what it has counted. */
  readonly all: readonly RuleInfo[]
  /** The transaction that puts them there again is refused where they have changed since they were read. */
  readonly check: readonly Operation[]
  /** Of each chain, what stands behind so many rules of ours. */
  readonly #places: ReadonlyMap<string, ReadonlyMap<number, readonly Operation[]>>

  private constructor(
    all: readonly RuleInfo[],
    check: readonly Operation[],
    places: ReadonlyMap<string, ReadonlyMap<number, readonly Operation[]>>,
  ) {
    this.all = all
    this.check = check
    this.#places = places
  }

  /** @param chains - Those that are to be filled anew. @param plan - What is ours. */
  static async read(
    host: Host,
    family: Family,
    plan: readonly Operation[],
    chains: ReadonlySet<string>,
  ): Promise<OtherRules> {
    if (chains.size === 0) return new OtherRules([], [], new Map())
    const generation = await host.ask('generation', {})
    const all = await host.ask('rules', { family, name: TABLE })
    const found = [...chains].flatMap((chain) => placesIn(chain, commentsOf(plan, chain), all))
    if (found.length === 0) return new OtherRules(all, [], new Map())
    // In the same order, unless somebody changes them meanwhile.
    const parts = await host.ask('parts', { family, name: TABLE, kind: 'rule' })
    const sets = await host.ask('parts', { family, name: TABLE, kind: 'set' })
    const places = new Map<string, Map<number, Operation[]>>()
    for (const { chain, behind, index } of found) {
      const rule = parts[index]
      if (!rule) continue
      const copies = places.get(chain) ?? new Map<number, Operation[]>()
      places.set(chain, copies)
      copies.set(behind, [
        ...(copies.get(behind) ?? []),
        ...(await anonymousSets(host, family, rule, sets)).map((part) => copyOf(family, part)),
        copyOf(family, rule),
      ])
    }
    return new OtherRules(all, [{ op: 'generation.check', generation }], places)
  }

  /** Rules of ours, with those of others where they stood. */
  between(chain: string, rules: readonly Operation[]): Operation[] {
    const places = this.#places.get(chain)
    return [undefined, ...rules].flatMap((rule, index) => [...(rule ? [rule] : []), ...(places?.get(index) ?? [])])
  }
}

interface Place {
  chain: string
  /** So many rules of ours come before it. */
  behind: number
  /** Among all rules of the table. */
  index: number
}

function placesIn(chain: string, comments: readonly string[], all: readonly RuleInfo[]): Place[] {
  const ours = new Set(comments)
  let behind = 0
  return all.flatMap((rule, index): Place[] => {
    if (rule.chain !== chain) return []
    if (!ours.has(rule.comment)) return [{ chain, behind, index }]
    if (rule.comment === comments[behind]) behind++
    return []
  })
}

const commentsOf = (plan: readonly Operation[], chain: string): string[] =>
  plan.flatMap((operation) =>
    operation.op === 'rule.add' && operation.chain === chain ? [operation.comment ?? ''] : [],
  )

async function anonymousSets(
  host: Host,
  family: Family,
  { uses }: PartInfo,
  sets: readonly PartInfo[],
): Promise<PartInfo[]> {
  const names = uses.flatMap((used) => (used.startsWith(ANONYMOUS) ? [used.slice('set '.length)] : []))
  const found: PartInfo[] = []
  for (const set of names)
    found.push(
      ...sets.filter(({ name }) => name === set),
      ...(await host.ask('parts', { family, name: TABLE, kind: 'element', set })),
    )
  return found
}

const copyOf = (family: Family, { kind, name, attributes }: PartInfo): Operation => ({
  op: 'part.copy',
  family,
  table: TABLE,
  kind,
  name,
  attributes,
})
