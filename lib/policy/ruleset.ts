import type { Family, Plan } from '../plan/operation.js'
import { bridgeTable } from './bridge-table.js'
import { inetTable } from './inet-table.js'
import { TABLE } from './sets.js'

/**
 * The constant ruleset: written once, and touched again only by a version that has another one, which replaces it.
 * Otherwise only elements of sets and maps change.
 * The comments stand in the kernel too: `nft list ruleset` is the first thing that an operator looks at.
 */

/** The version of the ruleset: raised with each change of what is below, of which a release has written another. */
export const RULESET_NUMBER = 6

const PREFIX = 'slipway ruleset '

/** Stands in the tables' comments. A table with another one was made by another version. */
export const RULESET_VERSION = `${PREFIX}${RULESET_NUMBER}`

/** The version that a table's comment tells; `undefined` where it is no ruleset's. */
export function rulesetNumber(comment: string): number | undefined {
  const digits = comment.startsWith(PREFIX) ? comment.slice(PREFIX.length) : ''
  return /^[1-9]\d{0,5}$/.test(digits) ? Number(digits) : undefined
}

/**
 * What the tables of this version are, as a number (`native/nft/fingerprint.h`): so nothing is compared one by one
 * where all is well. The unit test `ruleset` says what they are after a change.
 */
export const RULESET_FINGERPRINTS = { inet: 3651205581669257, bridge: 1179936287288158 } as const

/** The chain that is an administrator's: what is in it is neither counted nor touched. */
export const USERS_CHAIN = 'user'

/** Families of the two tables. */
export const RULESET_FAMILIES = ['inet', 'bridge'] as const satisfies readonly Family[]

export const rulesetPlan = (families: readonly Family[] = RULESET_FAMILIES): Plan =>
  families.flatMap((family) => [
    { op: 'table.add', family, table: TABLE, comment: RULESET_VERSION },
    ...(family === 'inet' ? inetTable() : bridgeTable()),
  ])
