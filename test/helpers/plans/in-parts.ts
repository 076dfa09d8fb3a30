import type { Leaving } from '#lib/drivers/leaving.js'
import type { Plan } from '#lib/plan/operation.js'

/** The plans of what is taken away, under the command: before the call returns, and after it. */
export const inParts = (command: string, { first, rest }: Leaving): Record<string, Plan> => ({
  [command]: first,
  ...(rest.length > 0 ? { [`${command}, after it has returned`]: rest } : {}),
})
