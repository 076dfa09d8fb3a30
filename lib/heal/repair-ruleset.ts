import type { HealContext } from './context.js'
import { lacksRuleset } from './lacks-ruleset.js'

/**
 * Writes what is missing of the ruleset, with the elements of every sandbox and network.
 *
 * @returns Whether something was missing.
 */
export const repairRuleset = async (context: Pick<HealContext, 'host' | 'networks' | 'records'>): Promise<boolean> =>
  (await lacksRuleset(context)) && (await context.networks.ensureRuleset()).length > 0
