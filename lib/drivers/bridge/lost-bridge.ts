import type { Host } from '../../kernel/host.js'
import type { PlanRefused } from '../../kernel/refusal.js'
import type { LinkCreate } from '../../plan/operation.js'

/**
 * Whether a link was refused as the bridge that it was for is gone: before it was looked for, right after (EINVAL), or
 * when the link was its port already (EOPNOTSUPP). Or what leads to a leaf, as that is gone or, made anew by somebody,
 * not up yet.
 */
export async function lostBridge(host: Host, { operation, errnoName }: PlanRefused): Promise<boolean> {
  if (operation.op === 'link.settle') return errnoName === 'ENODEV'
  if (operation.op === 'fdb.add' || (operation.op === 'link.set' && operation.flood !== undefined))
    return errnoName === 'EOPNOTSUPP'
  if (operation.op === 'route.add' && operation.netns === undefined)
    return errnoName === 'ENETDOWN' || errnoName === 'ENODEV'
  if (operation.op !== 'link.create' || operation.master === undefined) return false
  return (
    errnoName === 'ENODEV' ||
    (errnoName === 'EINVAL' && (await host.find('link', { name: operation.master })) === undefined)
  )
}

/**
 * Whether a network was refused as an administrator, or another process, has deleted the ruleset or its bridge in the
 * middle of its making.
 */
export const wasTakenAway = ({ operation, errnoName }: PlanRefused): boolean =>
  operation.op === 'element.add'
    ? errnoName === 'ENOENT'
    : (operation.op.startsWith('link.') || operation.op === 'address.add') && errnoName === 'ENODEV'

/** Whether a link was refused as its bridge has all the ports that the kernel gives one. */
export const isFull = (refused: PlanRefused): refused is PlanRefused & { operation: LinkCreate & { master: string } } =>
  refused.operation.op === 'link.create' && refused.operation.master !== undefined && refused.errnoName === 'EXFULL'
