import { percentile } from '../stats.js'

const POINTS = 160

/**
 * How dense samples lie on a log axis: a Gaussian kernel over their logarithms, as wide as Silverman's rule of thumb
 * says, or a fiftieth of a decade. The highest point is 1.
 *
 * @returns [microseconds, density] pairs from the first sample to the last, and a little beyond on either side.
 */
export function density(samples: readonly number[]): [number, number][] {
  const logs = samples.map(Math.log10).sort((a, b) => a - b)
  const width = Math.max(silverman(logs), 0.02)
  const from = (logs[0] ?? 0) - 3 * width
  const step = ((logs.at(-1) ?? 0) + 3 * width - from) / (POINTS - 1)
  const heights = Array.from({ length: POINTS }, (_, i) => {
    const x = from + i * step
    return logs.reduce((sum, one) => sum + Math.exp(-0.5 * ((x - one) / width) ** 2), 0)
  })
  const highest = Math.max(...heights)
  return heights.map((height, i) => [10 ** (from + i * step), height / highest])
}

function silverman(sorted: readonly number[]): number {
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length
  const deviation = Math.sqrt(sorted.reduce((sum, one) => sum + (one - mean) ** 2, 0) / sorted.length)
  const middleHalf = (percentile(sorted, 75) - percentile(sorted, 25)) / 1.34
  return 0.9 * Math.min(deviation, middleHalf) * sorted.length ** -0.2
}
