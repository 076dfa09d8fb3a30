import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Operation, Plan } from '#internal'
import { timed } from '../arms/arm.js'
import type { Ours } from '../arms/ours.js'
import type { Phase, TrialResult, TrialSpec } from '../trial-spec.js'

/** Endpoints of Slipway one after another, with where the time of some of them goes. */
export async function oneByOneWithPhases(arm: Ours, { warmUp, count }: TrialSpec): Promise<TrialResult> {
  const result: TrialResult = { total: [], phases: {} }
  for (let n = warmUp; n < warmUp + count; n++) {
    // Being told of phases costs some, and leaves garbage: every fifth endpoint is for them, and does not count.
    if (n % 5 > 0) result.total.push(await timed(() => arm.create(n)))
    else await noteWithPhases(result.phases, () => arm.create(n))
  }
  return result
}

const PHASE_OF: Partial<Record<Operation['op'], Phase>> = {
  'port.hold': 'reserve',
  'file.create': 'record',
  'element.add': 'claims',
  'netns.create': 'namespace',
  'link.create': 'link',
}

/** Collects what the executor says of the plan that it runs: microseconds by phase. */
async function noteWithPhases(result: TrialResult['phases'], work: () => Promise<unknown>): Promise<void> {
  const sums = new Map<Phase, number>()
  const follow = (message: unknown) => {
    for (const { operations, microseconds } of (message as { phases: { operations: Plan; microseconds: number }[] })
      .phases) {
      const [first] = operations
      // The host's end of the veth is raised; what is left is inside the sandbox.
      const raises = first?.op === 'link.set' && first.netns === undefined
      const phase = raises ? 'link' : ((first && PHASE_OF[first.op]) ?? 'configure')
      sums.set(phase, (sums.get(phase) ?? 0) + microseconds)
    }
  }
  subscribe('slipway:plan', follow)
  const total = await timed(work)
  unsubscribe('slipway:plan', follow)
  note(result, total, sums)
}

function note(result: TrialResult['phases'], total: number, phases: Map<Phase, number>): void {
  let rest = total
  for (const [phase, microseconds] of phases) {
    ;(result[phase] ??= []).push(microseconds)
    rest -= microseconds
  }
  ;(result.rest ??= []).push(rest)
}
