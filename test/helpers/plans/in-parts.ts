import type { RemovalPlans } from '#lib/drivers/removal-plans.js'
import type { Plan } from '#lib/plan/operation.js'

/** The plans of what is taken away, under the command: before the call returns, and after it. */
export const inParts = (command: string, { first, rest }: RemovalPlans): Record<string, Plan> => ({
  [command]: first,
  ...(rest.length > 0 ? { [`${command}, after it has returned`]: rest } : {}),
})
