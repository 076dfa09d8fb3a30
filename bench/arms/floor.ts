import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { prepareHost } from '../prepare-host.js'
import type { Phase, TrialResult, TrialSpec } from '../trial-spec.js'

const PROGRAM = fileURLToPath(new URL('../../build/floor/floor', import.meta.url))

/** What the program prints: nanoseconds by endpoint. */
interface Printed {
  total: number[]
  firstByte: number[]
  phases: Partial<Record<Phase, number[]>>
}

/** The C++ program of bench/floor. It has no queue and no loop, so a burst is the sum of its endpoints. */
export async function floor(spec: TrialSpec): Promise<TrialResult> {
  await prepareHost()
  const { total, firstByte, phases } = runFloor(spec.count, spec.warmUp, spec.measure === 'first-byte')
  switch (spec.measure) {
    case 'first-byte':
      return { total: firstByte.map(toMicroseconds), phases: {} }
    case 'latency':
      return { total: total.map(toMicroseconds), phases: withRest(total, phases) }
    default:
      return { total: [toMicroseconds(total.reduce((sum, one) => sum + one, 0))], phases: {} }
  }
}

/** Brings up `count` endpoints beside `existing` more that it makes first. */
export function runFloor(count: number, existing: number, firstByte = false): Printed {
  const options = [`--count=${count}`, `--existing=${existing}`, ...(firstByte ? ['--first-byte'] : [])]
  return JSON.parse(execFileSync(PROGRAM, options, { encoding: 'utf8', maxBuffer: 1 << 28 })) as Printed
}

const toMicroseconds = (nanoseconds: number) => nanoseconds / 1000

function withRest(total: number[], phases: Printed['phases']): TrialResult['phases'] {
  const lists = Object.values(phases)
  const rest = total.map((whole, i) => whole - lists.reduce((sum, list) => sum + (list[i] ?? 0), 0))
  return Object.fromEntries(Object.entries({ ...phases, rest }).map(([phase, list]) => [phase, list.map(toMicroseconds)]))
}
