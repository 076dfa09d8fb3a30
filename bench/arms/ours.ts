import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { performance } from 'node:perf_hooks'
import { Slipway } from 'slipway'
import type { Operation, Plan } from '#lib/plan/operation.js'
import { CONTAINER_PORT, endpoint } from '../endpoint.js'
import { firstByte, greeter } from '../first-byte.js'
import { watchLoop } from '../loop-hold.js'
import type { Phase, TrialResult, TrialSpec } from '../trial-spec.js'

/** Slipway itself, through its public API. */
export async function ours(spec: TrialSpec): Promise<TrialResult> {
  const slipway = await Slipway.open({ stateDir: '/run/slipway' })
  const create = (n: number) => {
    const { name, hostPort } = endpoint(n)
    return slipway.sandboxes.create({ name, publish: [`${hostPort}:${CONTAINER_PORT}`] })
  }
  const last = spec.warmUp + spec.count
  const all = () => Promise.all(Array.from({ length: spec.count }, (_, i) => create(spec.warmUp + i)))
  try {
    switch (spec.measure) {
      case 'latency': {
        for (let n = 0; n < spec.warmUp; n++) await create(n)
        const result: TrialResult = { total: [], phases: {} }
        for (let n = spec.warmUp; n < last; n++) {
          // Being told of phases costs some, and leaves garbage: every fifth endpoint is for them, and does not count.
          if (n % 5 > 0) result.total.push(await timed(() => create(n)))
          else await noteWithPhases(result.phases, () => create(n))
        }
        return result
      }
      case 'first-byte': {
        const total: number[] = []
        for (let n = 0; n < last; n++) {
          const began = performance.now()
          const sandbox = await create(n)
          const server = sandbox.enter(() => greeter().listen(CONTAINER_PORT))
          await firstByte(endpoint(n).hostPort)
          total.push((performance.now() - began) * 1000)
          server.close()
        }
        return { total: total.slice(spec.warmUp), phases: {} }
      }
      case 'burst': {
        for (let n = 0; n < spec.warmUp; n++) await create(n)
        const began = performance.now()
        await all()
        return { total: [(performance.now() - began) * 1000], phases: {} }
      }
      case 'hold':
      case 'delay': {
        for (let n = 0; n < spec.warmUp; n++) await create(n)
        const began = performance.now()
        const hold = await watchLoop(spec.measure, all)
        return { total: [(performance.now() - began) * 1000], phases: {}, hold }
      }
    }
  } finally {
    await slipway.close()
  }
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
    for (const { operations, microseconds } of (message as { phases: { operations: Plan; microseconds: number }[] }).phases) {
      const [first] = operations
      // The settings of a veth travel with it; what is left is inside the sandbox.
      const phase = (first && PHASE_OF[first.op]) ?? 'configure'
      sums.set(phase, (sums.get(phase) ?? 0) + microseconds)
    }
  }
  subscribe('slipway:plan', follow)
  const total = await timed(work)
  unsubscribe('slipway:plan', follow)
  note(result, total, sums)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) * 1000
}

function note(result: TrialResult['phases'], total: number, phases: Map<Phase, number>): void {
  let rest = total
  for (const [phase, microseconds] of phases) {
    ;(result[phase] ??= []).push(microseconds)
    rest -= microseconds
  }
  ;(result.rest ??= []).push(rest)
}
