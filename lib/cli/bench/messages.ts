/** What the process that measures tells the one that shows it. */

/** What is timed, one after another; in the order in which they are shown. */
export const STEPS = ['create', 'from pool', 'publish', 'first byte', 'remove'] as const
export type Step = (typeof STEPS)[number]

/** Everything that was measured. Times are microseconds. */
export interface Measured {
  samples: Record<Step, number[]>
  /** As many created at once: until the last was there. */
  burst: { endpoints: number; microseconds: number }
}

/** In the order in which it is done. */
export const PARTS = [...STEPS, 'burst'] as const
export type Part = (typeof PARTS)[number]

/** `done`: of the part, a count. */
export type Message = { doing: Part; done: number } | { measured: Measured }
