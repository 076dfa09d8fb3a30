import { atOnce, timed, type Bringer } from '../arms/arm.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchLoop } from '../loop-hold.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/**
 * The rest of a thousand removals takes a second or so; after another one Slipway looks whether the links have gone.
 */
const BEHIND_MS = 3000

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

/**
 * A burst with an eye on the event loop; with the variant `remove`, of removals, and of what follows them behind the
 * callers' backs.
 */
export async function watchedBurst(arm: Bringer, { measure, warmUp, count, variant }: TrialSpec): Promise<TrialResult> {
  const removes = variant === 'remove'
  if (removes) {
    await atOnce(count, arm.inParallel, (i) => arm.create(warmUp + i))
    await arm.settle?.()
  }
  const total: number[] = []
  const hold = await watchLoop(measure === 'hold' ? 'hold' : 'delay', async () => {
    total.push(
      await timed(() =>
        atOnce(count, arm.inParallel, (i) => (removes ? arm.remove(warmUp + i) : arm.create(warmUp + i))),
      ),
    )
    if (removes) await sleep(BEHIND_MS)
  })
  return { total, phases: {}, hold }
}
