import { SlipwayError } from '../base/errors.js'
import { Refusals } from './failures.js'
import { print, printJson } from './output.js'

export interface RemoveFlags {
  force?: true
  json?: true
}

interface Outcome<T> {
  done: T[]
  refusals: unknown[]
}

/** Does something for each of several names: with each that it can be done with. */
export async function forEachName<T>(
  names: readonly string[],
  work: (name: string) => Promise<T>,
): Promise<Outcome<T>> {
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

/** With `force`, what is not there is as good as removed, and not among what was. @throws {Refusals} */
export function reportRemoved({ done, refusals }: Outcome<string>, { force, json }: RemoveFlags): void {
  if (json) printJson(done)
  else print(done.join('\n'))
  const isGone = (refusal: unknown) => refusal instanceof SlipwayError && refusal.code === 'NOT_FOUND'
  reportRefusals(force ? refusals.filter((refusal) => !isGone(refusal)) : refusals)
}
