import { Refusals } from './failures.js'

/** Does something for each of several names: with each that it can be done with. */
export async function forEachName<T>(
  names: readonly string[],
  work: (name: string) => Promise<T>,
): Promise<{ done: T[]; refusals: unknown[] }> {
  const outcomes = await Promise.allSettled(names.map(work))
  return {
    done: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    refusals: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : [])),
  }
}

/** Comes after what was done has been printed. @throws {Refusals} */
export function reportRefusals(refusals: readonly unknown[]): void {
  if (refusals.length > 0) throw new Refusals(refusals)
}
