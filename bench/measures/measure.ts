import type { Bringer } from '../arms/arm.js'
import { Ours } from '../arms/ours.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'
import { burst, watchedBurst } from './burst.js'
import { churn } from './churn.js'
import { data } from './data.js'
import { fleet } from './fleet.js'
import { healing } from './healing.js'
import { names } from './names.js'
import { firstBytes, oneByOne } from './one-by-one.js'
import { oneByOneWithPhases } from './phases.js'
import { connectFirst, publishMore } from './ports.js'
import { protocols } from './protocols.js'
import { segments } from './segments.js'
import { teardown } from './teardown.js'

/** Measures an arm that has been prepared. */
export function measureOf(arm: Bringer, spec: TrialSpec): Promise<TrialResult> {
  switch (spec.measure) {
    case 'latency':
      return arm instanceof Ours ? oneByOneWithPhases(arm, spec) : oneByOne(arm, spec)
    case 'age':
    case 'endpoints':
      return oneByOne(arm, spec)
    case 'first-byte':
      return firstBytes(arm, spec)
    case 'burst':
      return burst(arm, spec)
    case 'hold':
    case 'delay':
      return watchedBurst(arm, spec)
    case 'segments':
      return segments(arm, spec)
    case 'teardown':
      return teardown(arm, spec)
    case 'churn':
      return churn(arm, spec)
    case 'data':
      return data(arm, spec)
    default:
      return measureOfOurs(arm, spec)
  }
}

function measureOfOurs(arm: Bringer, spec: TrialSpec): Promise<TrialResult> {
  if (!(arm instanceof Ours)) throw new RangeError(`${spec.arm} knows no ${spec.measure}`)
  switch (spec.measure) {
    case 'fleet':
      return fleet(arm, spec)
    case 'protocols':
      return protocols(arm, spec)
    case 'ports':
      return publishMore(arm, spec)
    case 'connect':
      return connectFirst(arm, spec)
    case 'healing':
      return healing(arm, spec)
    case 'names':
      return names(arm, spec)
    default:
      throw new RangeError(`${spec.arm} knows no ${spec.measure}`)
  }
}
