/** Order statistics of samples, and nothing that supposes how they are distributed. */

/** Nearest rank: a value that was measured. NaN where nothing was. */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN
}

export const median = (samples: readonly number[]): number => percentile(samples, 50)

export const max = (samples: readonly number[]): number => percentile(samples, 100)

export const mean = (samples: readonly number[]): number => samples.reduce((sum, one) => sum + one, 0) / samples.length

export interface Ratio {
  /** Of the pooled samples. */
  value: number
  /** The smallest and the largest of any round. */
  low: number
  high: number
}

/** How one arm's percentile compares with another's. Both lists are rounds of samples. */
export function ratio(rounds: readonly number[][], base: readonly number[][], percent: number): Ratio {
  const each = rounds
    .map((samples, i) => percentile(samples, percent) / percentile(base[i] ?? [], percent))
    .filter((one) => !Number.isNaN(one))
  return {
    value: percentile(rounds.flat(), percent) / percentile(base.flat(), percent),
    low: Math.min(...each),
    high: Math.max(...each),
  }
}
