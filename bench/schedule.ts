import { ARMS, type Arm, type Measure, type TrialSpec } from './trial-spec.js'

export interface Sizes {
  trials: number
  count: number
  warmUp: number
  burst: number
}

export interface Scheduled extends TrialSpec {
  round: number
}

/**
 * Every round has each measurement of each arm once, in an order of its own: whatever drifts (a neighbour on the
 * machine, its temperature) meets all arms alike.
 */
export function schedule(arms: readonly Arm[], measures: readonly Measure[], sizes: Sizes, seed: number): Scheduled[] {
  const random = generator(seed)
  return Array.from({ length: sizes.trials }, (_, round) =>
    shuffled(
      measures.flatMap((measure) => arms.filter((arm) => takers[measure].includes(arm)).map((arm) => ({ ...sized(arm, measure, sizes), round }))),
      random,
    ),
  ).flat()
}

/** A shell is asked one after another, and only we have an event loop. */
const takers: Record<Measure, readonly Arm[]> = {
  latency: ARMS,
  'first-byte': ARMS,
  burst: ['ours', 'floor'],
  hold: ['ours'],
  delay: ['ours'],
}

function sized(arm: Arm, measure: Measure, { count, warmUp, burst }: Sizes): TrialSpec {
  switch (measure) {
    case 'latency':
      // A shell takes some fifty times as long.
      return { arm, measure, warmUp, count: arm === 'exec' ? atLeast5(count / 10) : count }
    case 'first-byte':
      // Fewer: where a first packet is lost, the next is sent a second later.
      return { arm, measure, warmUp: Math.min(warmUp, 10), count: atLeast5(count / (arm === 'exec' ? 10 : 4)) }
    default:
      return { arm, measure, warmUp, count: burst }
  }
}

const atLeast5 = (count: number) => Math.max(5, Math.round(count))

function shuffled<T>(list: T[], random: () => number): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[list[i], list[j]] = [list[j] as T, list[i] as T]
  }
  return list
}

/** mulberry32: small, and the same order for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
