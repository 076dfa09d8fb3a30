import { missingRuleset } from '../claims/missing-ruleset.js'
import { BRIDGE_GROUP, SEGMENT_GROUP } from '../policy/sets.js'
import { listRecords } from '../store/records.js'
import type { HealContext } from './context.js'

type Part = Pick<HealContext, 'host' | 'networks' | 'records'>

/**
 * Whether something of the ruleset is missing, and there is something that needs it: where all that was Slipway's has
 * been taken away, the tables are not to come back by themselves.
 */
export const lacksRuleset = async (context: Part): Promise<boolean> =>
  (await missingRuleset(context.host)).length > 0 && (await isRulesetNeeded(context))

export const isRulesetNeeded = async ({ host, networks, records }: Part): Promise<boolean> =>
  (await listRecords(records)).length > 0 ||
  (await networks.list()).length > 0 ||
  (await host.ask('links', {})).some(({ group }) => group === BRIDGE_GROUP || group === SEGMENT_GROUP)
