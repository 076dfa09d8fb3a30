import { waiting, type Call } from '../base/call.js'
import type { Host } from '../kernel/host.js'
import { PlanRefused } from '../kernel/refusal.js'
import type { Holders } from './ports/holders.js'
import { explainRefusal } from './refusals.js'

/**
 * What follows from a refusal: another try; one that does not count, as refusals of its kind end by themselves; or
 * nothing, and the caller hears of it.
 */
export type Remedy = 'again' | 'uncounted' | undefined

/** What an attempt returns that has done or waited for a part of the whole: the next attempt looks again. */
export const LOOK_AGAIN: unique symbol = Symbol('look again')

/** A plan that may be refused, and what is done then. */
export interface Trial<T> {
  /** Attempts that a remedy ends, at most. */
  tries: number
  /** Makes a plan and runs it. */
  attempt(number: number): Promise<T | typeof LOOK_AGAIN>
  /** What a refusal means. */
  remedy(refused: PlanRefused, number: number): Remedy | Promise<Remedy>
  /** Whether what the last attempt began with was no good, and has gone: the next attempt begins with another. */
  isBadStart?(): boolean
}

/**
 * The one loop in which plans are tried. A plan is a guess: another process may have taken what the plan takes, or an
 * administrator may have deleted what it stands on.
 *
 * @throws {SlipwayError} What the last refusal means.
 */
export async function retrying<T>(
  { host, holders, call }: { host: Host; holders?: Holders; call?: Call | undefined },
  { tries, attempt, remedy, isBadStart }: Trial<T>,
): Promise<T> {
  for (let number = 1; ; number++) {
    call?.check()
    try {
      const outcome = await attempt(number)
      if (outcome !== LOOK_AGAIN) return outcome
      number--
    } catch (error) {
      if (isBadStart?.()) continue
      if (!(error instanceof PlanRefused)) throw error
      call?.check()
      const found = await waiting(call, Promise.resolve(remedy(error, number)), 'what was in its way')
      if (found === 'uncounted') number--
      else if (found !== 'again' || number >= tries) throw await explainRefusal(error, host, holders)
    }
  }
}
