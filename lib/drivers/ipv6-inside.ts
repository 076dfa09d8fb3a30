import { isIpv6Off, PlanRefused } from '../kernel/refusal.js'
import type { Operation, Plan } from '../plan/operation.js'

/**
 * IPv6 may be turned off in a namespace: by whoever made it, or as new ones inherit it from the host. Nobody looks
 * before, as that costs a visit. A plan that is refused for it is done once more, with IPv6 turned on at our links.
 */
export async function withIpv6Inside<T>(plan: Plan, run: (plan: Plan) => T | Promise<T>): Promise<T> {
  try {
    return await run(plan)
  } catch (error) {
    if (!(error instanceof PlanRefused) || !isIpv6Off(error)) throw error
    return run(plan.map(withIpv6))
  }
}

const withIpv6 = (operation: Operation): Operation =>
  operation.op === 'link.set' && operation.netns !== undefined && operation.up === true
    ? { ...operation, ipv6: true }
    : operation
