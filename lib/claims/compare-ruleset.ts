import type { Host } from '../kernel/host.js'
import { fingerprintPlan, type Fingerprint, type Fingerprints } from '../kernel/native.js'
import type { Family } from '../plan/operation.js'
import { RULESET_FINGERPRINTS, rulesetPlan, USERS_CHAIN } from '../policy/ruleset.js'
import { TABLE } from '../policy/sets.js'

/** What of a table is not as Slipway writes it. Chains, sets and rules that an administrator has added are no part. */
export interface Unlike {
  /** The table as such: dormant, say. */
  table: boolean
  /** Names of sets and chains that are not there, or are others (type, flags, hook, policy). */
  sets: ReadonlySet<string>
  chains: ReadonlySet<string>
  /** Names of chains whose rules are not ours, one after the other. */
  rules: ReadonlySet<string>
  /** Chains of ours that have another name now. */
  renamed: ReadonlySet<string>
  /** Whether all is there by its name: what is wrong does something else. */
  isThere: boolean
  /** What the table is, as a whole. */
  whole: number
}

/** Of each host, what tables are that were compared part by part, and are right. */
const right = new WeakMap<Host, Map<Family, number>>()

/**
 * Compares a table with the ruleset. The kernel's answer is one number where all is as usual; otherwise, part is
 * compared with part.
 *
 * @returns `undefined` where all of it is as it is to be.
 */
export async function compareTable(host: Host, family: Family): Promise<Unlike | undefined> {
  const question = { family, name: TABLE, kept: USERS_CHAIN }
  const { whole } = await host.ask('fingerprints', question)
  if (whole === RULESET_FINGERPRINTS[family] || whole === right.get(host)?.get(family)) return undefined
  const there = await host.ask('fingerprints', { ...question, parts: true })
  const found = unlikeParts(fingerprintPlan(rulesetPlan([family])), there)
  if (!found) accept(host, family, there.whole)
  return found
}

/** From now on, a table that is as this one was found is right. */
export function accept(host: Host, family: Family, whole: number): void {
  const of = right.get(host) ?? new Map<Family, number>()
  right.set(host, of.set(family, whole))
}

/** What is not as it was written. */
export function unlikeParts(written: Fingerprints, there: Fingerprints): Unlike | undefined {
  const numbers = new Map(there.parts.map((part) => [placeOf(part), part.number]))
  const unlike = written.parts.filter((part) => part.kind !== 'rule' && numbers.get(placeOf(part)) !== part.number)
  const namesOf = (kind: Fingerprint['kind']) => new Set(unlike.flatMap((one) => (one.kind === kind ? [one.name] : [])))
  const [ours, theirs] = [rulesByChain(written), rulesByChain(there)]
  const rules = new Set<string>()
  let isThere = unlike.every((part) => numbers.has(placeOf(part)))
  for (const [chain, expected] of ours) {
    const comments = new Set(expected.map(({ comment }) => comment))
    const found = (theirs.get(chain) ?? []).filter(({ comment }) => comments.has(comment))
    if (!isSame(expected, found, ({ comment, number }) => `${number} ${comment}`)) rules.add(chain)
    isThere &&= isSame(expected, found, ({ comment }) => comment)
  }
  const chains = namesOf('chain')
  const gone = [...chains].filter((chain) => !numbers.has(`chain ${chain}`))
  const known = new Set(written.parts.map(placeOf))
  const renamed = new Set(
    there.parts.flatMap(({ kind, name }) =>
      kind === 'chain' && !known.has(`chain ${name}`) && gone.some((one) => isTwin(ours.get(one), theirs.get(name)))
        ? [name]
        : [],
    ),
  )
  const table = namesOf('table').size > 0
  if (unlike.length + rules.size + renamed.size === 0) return undefined
  return { table, sets: namesOf('set'), chains, rules, renamed, isThere, whole: there.whole }
}

const placeOf = ({ kind, name }: Fingerprint): string => `${kind} ${name}`

function rulesByChain({ parts }: Fingerprints): Map<string, Fingerprint[]> {
  const chains = new Map<string, Fingerprint[]>()
  for (const part of parts) {
    if (part.kind !== 'rule') continue
    const there = chains.get(part.name)
    if (there) there.push(part)
    else chains.set(part.name, [part])
  }
  return chains
}

const isSame = (
  some: readonly Fingerprint[],
  others: readonly Fingerprint[],
  textOf: (one: Fingerprint) => string,
): boolean => some.map(textOf).join('\n') === others.map(textOf).join('\n')

/** Whether a chain has the rules of another, by their comments. */
const isTwin = (some: readonly Fingerprint[] = [], others: readonly Fingerprint[] = []): boolean =>
  some.length > 0 && isSame(some, others, ({ comment }) => comment)
