import type { Family, Plan } from '../plan/operation.js'
import { bridgeTable } from './bridge-table.js'
import { inetTable } from './inet-table.js'
import { TABLE } from './sets.js'

/**
 * The constant ruleset: written once, and never touched again. Afterwards only elements of sets and maps change.
 * The comments stand in the kernel too: `nft list ruleset` is the first thing that an operator looks at.
 */

/** Stands in the tables' comments. A table with another one was made by another version. */
export const RULESET_VERSION = 'slipway ruleset 6'

/** Families of the two tables. */
export const RULESET_FAMILIES = ['inet', 'bridge'] as const satisfies readonly Family[]

export const rulesetPlan = (families: readonly Family[] = RULESET_FAMILIES): Plan =>
  families.flatMap((family) => [
    { op: 'table.add', family, table: TABLE, comment: RULESET_VERSION },
    ...(family === 'inet' ? inetTable() : bridgeTable()),
  ])
