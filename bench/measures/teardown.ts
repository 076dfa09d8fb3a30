import { performance } from 'node:perf_hooks'
import { atOnce, timed, type Bringer } from '../arms/arm.js'
import { hostLinks, linksDownTo } from '../host-links.js'
import { IN_A_ROW } from '../parts.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/**
 * `remove()`: one after another with `at` 1, each until the kernel is done with it too, or {@link IN_A_ROW}; else `at`
 * at once. `total` is until it returned, `series.completed` until the kernel has taken the link down as well; of many
 * at once both are of the whole.
 */
export async function teardown(arm: Bringer, { warmUp, count, at = 1, variant }: TrialSpec): Promise<TrialResult> {
  const before = hostLinks()
  await atOnce(count, arm.inParallel, (i) => arm.create(warmUp + i))
  await arm.settle?.()
  const total: number[] = []
  const completed: number[] = []
  const series: Record<string, number[]> = { completed }
  if (at > 1) {
    const each: number[] = (series['each'] = [])
    const began = performance.now()
    total.push(
      await timed(() =>
        atOnce(count, arm.inParallel, async (i) => {
          await arm.remove(warmUp + i)
          each.push((performance.now() - began) * 1000)
        }),
      ),
    )
    await linksDownTo(before)
    completed.push((performance.now() - began) * 1000)
    return { total, phases: {}, series }
  }
  if (variant === IN_A_ROW) {
    const began = performance.now()
    for (let i = 0; i < count; i++) total.push(await timed(() => arm.remove(warmUp + i)))
    await linksDownTo(before)
    completed.push((performance.now() - began) * 1000)
    return { total, phases: {}, series }
  }
  for (let i = 0; i < count; i++) {
    const left = before + count - i - 1
    const began = performance.now()
    total.push(await timed(() => arm.remove(warmUp + i)))
    await linksDownTo(left)
    completed.push((performance.now() - began) * 1000)
  }
  return { total, phases: {}, series }
}
