import type { PlanRefused } from '../kernel/refusal.js'
import type { LinkCreate } from '../plan/operation.js'

/**
 * What is said of an endpoint on the segment of a link whose MAC address (macvlan) or address (ipvlan) another link of
 * the parent has, though no sandbox has claimed it; `undefined` where the plan was refused for another reason.
 */
export function takenOnSegment({ plan, operation, errnoName }: PlanRefused): string | undefined {
  if (errnoName !== 'EADDRINUSE') return undefined
  const name =
    operation.op === 'link.set' ? operation.name : operation.op === 'address.add' ? operation.link : undefined
  const netns = 'netns' in operation ? operation.netns : undefined
  const made = plan.find(
    (one): one is LinkCreate =>
      one.op === 'link.create' && one.name === name && one.netns === netns && one.link !== undefined,
  )
  if (!made) return undefined
  const addresses = plan.flatMap((one) =>
    one.op === 'address.add' && one.netns === netns && one.link === name && !one.address.startsWith('fe80:')
      ? (one.address.split('/')[0] ?? [])
      : [],
  )
  const what =
    operation.op === 'address.add'
      ? `the address ${operation.address.split('/')[0]}`
      : `the MAC address ${made.address ?? 'of this one'}, which would be that of ${addresses.join(' and ')}`
  return `Another link of the parent ${made.link} has ${what}, and it is no sandbox's here. A former sandbox may have moved its link into a namespace of its own: end the processes there (lsns -t net shows namespaces), and the kernel deletes it. Or give another address${operation.op === 'link.set' ? ', or another mac' : ''}.`
}

/** Whether a plan was refused for that. */
export const isTakenOnSegment = (refused: PlanRefused): boolean => takenOnSegment(refused) !== undefined
