import { writtenTables } from '../claims/ruleset-tables.js'
import type { HealContext } from './context.js'
import { isRulesetNeeded } from './lacks-ruleset.js'

/**
 * Writes what is missing of the ruleset, with the elements of every sandbox and network.
 *
 * @returns Whether something was missing.
 */
export async function repairRuleset(context: Pick<HealContext, 'host' | 'networks' | 'records'>): Promise<boolean> {
  const areGone = (await writtenTables(context.host)).size === 0
  if (areGone && !(await isRulesetNeeded(context))) return false
  return (await context.networks.ensureRuleset()).length > 0
}
