import type { PlanRefused } from '../kernel/refusal.js'
import { reconcile } from './reconcile.js'
import type { HealContext } from './context.js'
import { removedStrayRoute } from './stray-route.js'
import { removedStrayZone } from './stray-zone.js'

/** What was repaired after a refusal: all of the host, or one thing that was in the plan's way. */
export type Repair = 'all' | 'one'

/**
 * Repairs what a plan for a sandbox was refused for, where that is something lost or left over.
 *
 * @param wasRepaired - After an attempt before this one, all was repaired. That an element to be deleted is gone is
 * looked into once. Sets, an administrator may delete more than once.
 * @param endpoint - That was to be made.
 */
export async function repairAfterRefusal(
  context: HealContext,
  refused: PlanRefused,
  wasRepaired: boolean,
  endpoint: { sandbox: string; network: string } | undefined,
): Promise<Repair | undefined> {
  if (missesParts(refused) && (!wasRepaired || missesSets(refused))) {
    await reconcile(context)
    return 'all'
  }
  if (await removedStrayZone(context, refused)) return 'one'
  return endpoint && (await removedStrayRoute(context, endpoint.network, endpoint.sandbox, refused)) ? 'one' : undefined
}

/**
 * Whether a plan was refused because sets or elements are not there: somebody has flushed the ruleset, or part of it.
 */
const missesElements = ({ operation, errnoName }: PlanRefused): boolean =>
  (operation.op === 'element.add' || operation.op === 'element.delete') && errnoName === 'ENOENT'

/** Whether what was refused was new in a set: then the set is not there, or its table. */
const missesSets = (refused: PlanRefused): boolean => refused.operation.op === 'element.add' && missesElements(refused)

/**
 * As {@link missesElements}, or that a link of the host is not there, or is down, that sandboxes are on or are reached
 * by: somebody has deleted it, or taken it down.
 */
const missesParts = (refused: PlanRefused): boolean =>
  missesElements(refused) ||
  (refused.operation.op === 'link.create' && refused.errnoName === 'ENODEV') ||
  (refused.operation.op === 'route.add' &&
    refused.operation.netns === undefined &&
    ['ENODEV', 'ENETDOWN'].includes(refused.errnoName))
