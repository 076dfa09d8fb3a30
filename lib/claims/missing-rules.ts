import type { Host } from '../kernel/host.js'
import type { Family, Operation } from '../plan/operation.js'
import { withCounts } from '../policy/replacement.js'
import { RULESET_VERSION, rulesetPlan, USERS_CHAIN } from '../policy/ruleset.js'
import { TABLE } from '../policy/sets.js'
import type { Unlike } from './compare-ruleset.js'
import { OtherRules } from './other-rules.js'

/**
 * What makes a table right that is not as Slipway writes it, for one transaction: sets and chains that are not there,
 * or are others, are made anew, and chains with other rules are filled anew. Rules of an administrator stay between
 * ours, and rules keep what they have counted. A chain that is jumped to stays, as the kernel does not delete it then.
 *
 * @param inUse - `set NAME` and `chain NAME` of what the kernel has refused to delete: rules of others refer to it.
 */
export async function missingRules(
  host: Host,
  family: Family,
  unlike: Unlike,
  inUse: ReadonlySet<string>,
): Promise<Operation[]> {
  const plan = rulesetPlan([family])
  const there = new Set((await host.ask('chains', { family, name: TABLE })).map(({ name }) => name))
  const sets = new Set((await host.ask('sets', { family, name: TABLE })).map(({ set }) => set))
  const isKept = (chain: string) => chain === USERS_CHAIN && there.has(USERS_CHAIN)
  const isMade = (chain: string) => unlike.chains.has(chain) && !isKept(chain) && !inUse.has(`chain ${chain}`)
  const made = new Set([...unlike.sets].filter((set) => !inUse.has(`set ${set}`)))
  const filled = new Set([...unlike.chains, ...unlike.rules, ...chainsThatUse(made, plan)])
  filled.delete(USERS_CHAIN)
  const others = await OtherRules.read(host, family, plan, filled)
  const rules = withCounts(plan, others.all)
  const cleared = (chain: string): Operation[] => {
    if (!there.has(chain)) return []
    if (isMade(chain)) return [{ op: 'chain.delete', family, table: TABLE, chain }]
    return filled.has(chain) ? [{ op: 'chain.flush', family, table: TABLE, chain }] : []
  }
  // Those that jump before those that are jumped to.
  const chains = plan.flatMap((operation) => (operation.op === 'chain.add' ? [operation.chain] : [])).reverse()
  return [
    ...others.check,
    ...chains.flatMap(cleared),
    ...[...unlike.renamed].flatMap((chain): Operation[] => [
      { op: 'chain.flush', family, table: TABLE, chain },
      ...(inUse.has(`chain ${chain}`) ? [] : [{ op: 'chain.delete', family, table: TABLE, chain } as const]),
    ]),
    ...[...made].flatMap((set): Operation[] =>
      sets.has(set) ? [{ op: 'set.delete', family, table: TABLE, set }] : [],
    ),
    ...plan.flatMap((operation): Operation[] => {
      if (operation.op === 'set.add') return made.has(operation.set) ? [operation] : []
      if (operation.op !== 'chain.add') return []
      const { chain } = operation
      const own = rules.filter((rule) => rule.op === 'rule.add' && rule.chain === chain && filled.has(chain))
      return [...(isMade(chain) ? [operation] : []), ...others.between(chain, own)]
    }),
    ...(unlike.table ? [{ op: 'table.enable', family, table: TABLE, comment: RULESET_VERSION } as const] : []),
  ]
}

/** Chains of ours whose rules look into sets. */
const chainsThatUse = (sets: ReadonlySet<string>, plan: readonly Operation[]): string[] =>
  plan.flatMap((operation) =>
    operation.op === 'rule.add' &&
    operation.statements.some((statement) => 'value' in statement && sets.has(statement.value ?? ''))
      ? [operation.chain]
      : [],
  )
