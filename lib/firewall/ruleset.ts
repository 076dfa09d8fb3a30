import type { Plan } from '../plan/operation.js'
import { bridgeTable } from './bridge-table.js'
import { inetTable } from './inet-table.js'
import { TABLE } from './sets.js'

/**
 * The constant ruleset: written once, and never touched again. Afterwards only elements of sets and maps change.
 * The comments stand in the kernel too: `nft list ruleset` is the first thing that an operator looks at.
 */

/** Stands in the tables' comments. A table with another one was made by another version. */
export const RULESET_VERSION = 'slipway ruleset 2'

export const rulesetPlan = (): Plan => [
  { op: 'table.add', family: 'inet', table: TABLE, comment: RULESET_VERSION },
  ...inetTable(),
  { op: 'table.add', family: 'bridge', table: TABLE, comment: RULESET_VERSION },
  ...bridgeTable(),
]
