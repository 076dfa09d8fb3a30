import type { HealContext } from './context.js'

/**
 * Writes what is missing of the ruleset, with the elements of every sandbox and network.
 *
 * @returns Whether something was missing.
 */
export const repairRuleset = async ({ networks }: Pick<HealContext, 'networks'>): Promise<boolean> =>
  (await networks.ensureRuleset()).length > 0
