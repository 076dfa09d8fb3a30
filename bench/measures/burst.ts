import { atOnce, timed, type Bringer } from '../arms/arm.js'
import { watchLoop } from '../loop-hold.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/** All at once: the time until the last is up, and when each was. */
export async function burst(arm: Bringer, { warmUp, count }: TrialSpec): Promise<TrialResult> {
  const each: number[] = []
  const began = performance.now()
  const total = await timed(() =>
    atOnce(count, arm.inParallel, async (i) => {
      await arm.create(warmUp + i)
      each.push((performance.now() - began) * 1000)
    }),
  )
  return { total: [total], phases: {}, series: { each } }
}

/** A burst with an eye on the event loop. */
export async function watchedBurst(arm: Bringer, { measure, warmUp, count }: TrialSpec): Promise<TrialResult> {
  const began = performance.now()
  const hold = await watchLoop(measure === 'hold' ? 'hold' : 'delay', () => atOnce(count, arm.inParallel, (i) => arm.create(warmUp + i)))
  return { total: [(performance.now() - began) * 1000], phases: {}, hold }
}
