import { isPeer, PARTS, type Sizes } from './parts.js'
import { isAgainst, type Arm, type Measure, type TrialSpec } from './trial-spec.js'

export interface Scheduled extends TrialSpec {
  round: number
}

/**
 * Every round has each trial of each arm once, in an order of its own: whatever drifts (a neighbour on the machine, its
 * temperature) meets all arms alike. What takes long is in the first rounds only.
 */
export function schedule(arms: readonly Arm[], measures: readonly Measure[], sizes: Sizes, seed: number): Scheduled[] {
  const random = generator(seed)
  return Array.from({ length: sizes.trials }, (_, round) =>
    shuffled(
      measures.flatMap((measure) => trialsOf(arms, measure, sizes, round)),
      random,
    ),
  ).flat()
}

function trialsOf(arms: readonly Arm[], measure: Measure, sizes: Sizes, round: number): Scheduled[] {
  const part = PARTS[measure]
  // Before and after want as many rounds as there are: that is what their difference is judged by.
  const rounds = arms.some((arm) => isAgainst(arm) && part.arms.includes(arm)) ? Infinity : part.rounds
  return arms
    .filter((arm) => part.arms.includes(arm) && round < Math.min(rounds, isPeer(arm) ? sizes.peerTrials : Infinity))
    .flatMap((arm) => part.trials(arm, sizes).map((sized) => ({ arm, measure, ...sized, round })))
}

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
