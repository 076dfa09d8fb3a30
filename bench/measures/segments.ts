import { timed, type Bringer } from '../arms/arm.js'
import { Ours } from '../arms/ours.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'
import { oneByOne } from './one-by-one.js'
import { oneByOneWithPhases } from './phases.js'

/**
 * Endpoints on a segment, one after another, beside those that are there (`total`); then the same removed in a row
 * (`series.removed`), until whoever asked may go on.
 */
export async function segments(arm: Bringer, spec: TrialSpec): Promise<TrialResult> {
  const { warmUp, count } = spec
  const created = await (arm instanceof Ours ? oneByOneWithPhases(arm, spec) : oneByOne(arm, spec))
  const removed: number[] = []
  for (let n = warmUp; n < warmUp + count; n++) removed.push(await timed(() => arm.remove(n)))
  return { ...created, series: { removed } }
}
