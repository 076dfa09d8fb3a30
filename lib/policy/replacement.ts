import type { ElementInfo, PartInfo, RuleInfo, SetInfo } from '../kernel/native.js'
import type { Element, ElementAdd, Family, Operation, PartKind, RuleAdd, SetDefinition } from '../plan/operation.js'
import { rulesetPlan, USERS_CHAIN } from './ruleset.js'
import { TABLE } from './sets.js'

/** A table of an older ruleset, as the kernel tells it at one generation. */
export interface OlderTable {
  family: Family
  /** The sets that have a successor of the same name, and what they hold. */
  sets: readonly { set: SetInfo; elements: readonly ElementInfo[] }[]
  rules: readonly RuleInfo[]
  /** All that is in the table; of elements, those of sets without a successor. */
  parts: readonly PartInfo[]
}

/** The sets of the present ruleset that a set of the same name may be kept for. */
export const wantedSets = (family: Family): ReadonlyMap<string, SetDefinition> =>
  new Map(
    rulesetPlan([family]).flatMap((operation): [string, SetDefinition][] => {
      if (operation.op !== 'set.add') return []
      const { op: _, comment: _comment, ...set } = operation
      return [[set.set, set]]
    }),
  )

/**
 * Replaces a table by the present ruleset's: for one transaction. A table keeps its comment as long as it lives, and
 * older versions look for theirs there, so it is made anew, and filled with what it held:
 *
 * - the elements of its sets, with their counters. (Where a set is of another type now, its elements come from records,
 *   with those that are new.)
 * - what rules have counted, by their chain and comment;
 * - the chain of the administrator, with the sets, chains and objects that its rules refer to.
 */
export function replacementPlan(table: OlderTable): Operation[] {
  const { family } = table
  const wanted = withCounts(rulesetPlan([family]), table.rules)
  return [{ op: 'table.delete', family, table: TABLE }, ...wanted, ...keptParts(table, wanted), ...keptElements(table)]
}

/** Elements of sets that are of the same type still. */
export function keptElements({ family, sets }: Pick<OlderTable, 'family' | 'sets'>): ElementAdd[] {
  const wanted = wantedSets(family)
  return sets.flatMap(({ set: old, elements }): ElementAdd[] => {
    const set = wanted.get(old.set)
    if (!set || elements.length === 0 || !isSameType(old, set)) return []
    return [{ op: 'element.add', ...set, elements: elements.map((element) => asElement(element, set)) }]
  })
}

/** An interval is no key of a set without them. */
const isSameType = (old: SetInfo, set: SetDefinition): boolean =>
  old.type === set.type && old.dataType === set.dataType && (!old.interval || set.interval === true)

const asElement = (
  { key, data, comment, packets, bytes }: ElementInfo,
  { dataType, counter }: SetDefinition,
): Element => ({
  key,
  ...(dataType === undefined ? {} : { data }),
  ...(comment === '' ? {} : { comment }),
  ...(counter && packets + bytes > 0 ? { packets, bytes } : {}),
})

/** Of rules with one comment in a chain, as those of both IP versions may be, the first has what the first had. */
export function withCounts(plan: readonly Operation[], rules: readonly RuleInfo[]): Operation[] {
  const counted = new Map<string, RuleInfo[]>()
  for (const rule of rules) {
    const name = `${rule.chain} ${rule.comment}`
    const same = counted.get(name)
    if (same) same.push(rule)
    else counted.set(name, [rule])
  }
  return plan.map((operation) => {
    if (operation.op !== 'rule.add') return operation
    const old = counted.get(`${operation.chain} ${operation.comment}`)?.shift()
    return old && old.packets + old.bytes > 0 ? withCount(operation, old) : operation
  })
}

const withCount = (rule: RuleAdd, { packets, bytes }: RuleInfo): RuleAdd => ({
  ...rule,
  statements: rule.statements.map((statement) =>
    'counter' in statement ? { counter: true, packets, bytes } : statement,
  ),
})

/**
 * What of a table goes with it, in words: chains, sets and objects that the present ruleset does not have and nothing
 * in the administrator's chain refers to, and rules without a comment in other chains, as every rule of ours has one.
 */
export function leftOut({ family, parts, rules }: OlderTable): string[] {
  const wanted = rulesetPlan([family])
  const ours = namesIn(wanted)
  const kept = new Set([...usersParts(parts, ours)].map(placeOf))
  const gone = parts.map(placeOf).filter((place) => !ours.has(place) && !kept.has(place))
  const between = rules.filter(
    ({ chain, comment }) => comment === '' && chain !== USERS_CHAIN && ours.has(`chain ${chain}`),
  )
  return [...new Set([...gone, ...between.map(({ chain }) => `a rule in chain ${chain}`)])]
}

/** What others have added to a table of ours, in words: all that is in the administrator's chain, too. */
export function addedTo({ family, parts, rules }: OlderTable): string[] {
  const ours = namesIn(rulesetPlan([family]))
  const named = parts.filter(({ kind, name }) => kind !== 'element' && kind !== 'rule' && !name.startsWith('__'))
  const chains = rules.filter(
    ({ chain, comment }) => chain === USERS_CHAIN || (comment === '' && ours.has(`chain ${chain}`)),
  )
  return [
    ...new Set([
      ...chains.map(({ chain }) => `rules in chain ${chain}`),
      ...named.map(placeOf).filter((place) => !ours.has(place)),
    ]),
  ]
}

/** Each may refer to those before it. */
const ORDER: readonly PartKind[] = ['object', 'flowtable', 'set', 'chain', 'element', 'rule']

function keptParts({ family, parts }: OlderTable, wanted: readonly Operation[]): Operation[] {
  const kept = usersParts(parts, namesIn(wanted))
  return ORDER.flatMap((kind) =>
    parts.flatMap((part): Operation[] => {
      if (part.kind !== kind || !kept.has(part)) return []
      const { name, attributes } = part
      return [{ op: 'part.copy', family, table: TABLE, kind, name, attributes }]
    }),
  )
}

/** The sets and chains that a ruleset has. */
const namesIn = (plan: readonly Operation[]): ReadonlySet<string> =>
  new Set(
    plan.flatMap((operation) => {
      if (operation.op === 'set.add') return [`set ${operation.set}`]
      return operation.op === 'chain.add' ? [`chain ${operation.chain}`] : []
    }),
  )

/** What the administrator's chain holds, and what that refers to, as far as it is not ours. */
function usersParts(parts: readonly PartInfo[], ours: ReadonlySet<string>): ReadonlySet<PartInfo> {
  const byPlace = new Map<string, PartInfo[]>()
  for (const part of parts) {
    const place = placeOf(part)
    const same = byPlace.get(place)
    if (same) same.push(part)
    else byPlace.set(place, [part])
  }
  const kept = new Set<PartInfo>()
  const places = new Set([`chain ${USERS_CHAIN}`])
  // What is added while it is walked is walked, too.
  for (const place of places) {
    if (ours.has(place) && place !== `chain ${USERS_CHAIN}`) continue
    for (const part of byPlace.get(place) ?? []) {
      if (ours.has(place) && part.kind === 'chain') continue
      kept.add(part)
      for (const used of part.uses) places.add(used)
    }
  }
  return kept
}

/** What a part is, or is in. */
const placeOf = ({ kind, name }: PartInfo): string =>
  `${kind === 'rule' ? 'chain' : kind === 'element' ? 'set' : kind} ${name}`
