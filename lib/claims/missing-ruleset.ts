import type { Host } from '../kernel/host.js'
import type { Family, Operation, Plan } from '../plan/operation.js'
import { RULESET_FAMILIES, rulesetPlan } from '../policy/ruleset.js'
import { accept, compareTable, type Unlike } from './compare-ruleset.js'
import { missingRules } from './missing-rules.js'
import { findTables, type FoundTables } from './ruleset-tables.js'

/** What makes the ruleset whole, and what of it is not so. */
export interface Repair {
  plan: Plan
  /** Tables that are there and are others than Slipway writes. Those of an older version are none. */
  unlike: ReadonlyMap<Family, Unlike>
}

/**
 * What of the ruleset has yet to be written: all of it before first use, or the table, the sets, chains or rules that
 * an administrator has deleted or changed. A table of an older version lacks nothing: it is replaced as a whole.
 *
 * @param known - What {@link findTables} has just said.
 * @throws {SlipwayError} As {@link findTables}.
 */
export const missingRuleset = async (host: Host, known?: FoundTables): Promise<Plan> =>
  (await repairOf(host, known ?? (await findTables(host)))).plan

/** @param inUse - `set NAME` and `chain NAME` of what the kernel has refused to delete. */
export async function repairOf(
  host: Host,
  { written, older }: FoundTables,
  inUse: ReadonlySet<string> = new Set(),
): Promise<Repair> {
  const plan: Operation[] = [...rulesetPlan(RULESET_FAMILIES.filter((family) => !written.has(family)))]
  const unlike = new Map<Family, Unlike>()
  for (const family of written) {
    if (older.has(family)) continue
    const found = await compareTable(host, family)
    if (!found) continue
    unlike.set(family, found)
    plan.push(...(await missingRules(host, family, found, inUse)))
  }
  return { plan, unlike }
}

/** From now on, tables are taken for right as they were found. @returns What of them is not as written, in words. */
export function acceptTables(host: Host, unlike: ReadonlyMap<Family, Unlike>): string[] {
  for (const [family, { whole }] of unlike) accept(host, family, whole)
  return [...unlike].flatMap(([family, { table, sets, chains, rules }]) => {
    const named = (what: string, names: ReadonlySet<string>) =>
      [...names].map((name) => `the ${what} ${family} ${name}`)
    return [
      ...(table ? [`the table ${family}`] : []),
      ...named('set', sets),
      ...named('chain', chains),
      ...named('rules of chain', rules),
    ]
  })
}
