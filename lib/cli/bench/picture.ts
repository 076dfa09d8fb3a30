import { percentile } from './percentile.js'

/** Blocks of a line of text, from an eighth to all of it. */
const BLOCKS = ' ▁▂▃▄▅▆▇█'
const FULL = BLOCKS.length - 1
/** Lines that a row is high. */
const HEIGHT = 2
const PERCENTS = [50, 90, 99] as const
const NUMBER = 9

/**
 * Histograms below each other on one log axis, as lines of text: a row for each list of microseconds, with its
 * percentiles on the right. Where anything was measured there is at least an eighth of a block: one slow sample among
 * thousands is seen.
 *
 * @param width - Columns of the terminal.
 */
export function histograms(rows: Readonly<Record<string, readonly number[]>>, width: number): string[] {
  const shown = Object.entries(rows).filter(([, samples]) => samples.length > 0)
  const label = Math.max(...shown.map(([name]) => name.length)) + 2
  const columns = Math.max(width - label - PERCENTS.length * NUMBER, 10)
  const place = placeOf(
    shown.flatMap(([, samples]) => samples),
    columns,
  )
  return [
    ' '.repeat(label + columns) + PERCENTS.map((percent) => `p${percent}`.padStart(NUMBER)).join(''),
    ...shown.flatMap(([name, samples]) => {
      const counts = new Array<number>(columns).fill(0)
      for (const sample of samples) counts[place(sample)] = (counts[place(sample)] ?? 0) + 1
      const [top = '', bottom = ''] = bars(counts)
      const numbers = PERCENTS.map((percent) => duration(percentile(samples, percent)).padStart(NUMBER)).join('')
      return [`${' '.repeat(label)}${top}`.trimEnd(), `${name.padEnd(label)}${bottom}${numbers}`]
    }),
    ...axis(place, columns, samplesLimits(shown.flatMap(([, samples]) => samples))).map((line) =>
      (' '.repeat(label) + line).trimEnd(),
    ),
  ]
}

/** Lines, the highest first. */
function bars(counts: readonly number[]): string[] {
  const most = Math.max(...counts)
  const eighths = counts.map((count) => Math.ceil((count / most) * FULL * HEIGHT))
  return Array.from({ length: HEIGHT }, (_, line) => {
    const below = (HEIGHT - 1 - line) * FULL
    return eighths.map((height) => BLOCKS[Math.min(Math.max(height - below, 0), FULL)]).join('')
  })
}

const samplesLimits = (samples: readonly number[]): [low: number, high: number] => [
  Math.min(...samples),
  Math.max(...samples),
]

/** The column of a time: the first sample is in the first, the last one in the last. */
function placeOf(samples: readonly number[], columns: number): (microseconds: number) => number {
  const [low, high] = samplesLimits(samples).map(Math.log10) as [number, number]
  const span = high - low || 1
  return (microseconds) => Math.min(Math.round(((Math.log10(microseconds) - low) / span) * (columns - 1)), columns - 1)
}

/** A line with ticks at 1, 2 and 5 of each decade, and one with as many of their names as have room. */
function axis(place: (microseconds: number) => number, columns: number, [low, high]: [number, number]): string[] {
  const line = new Array<string>(columns).fill('─')
  const names = new Array<string>(columns).fill(' ')
  const ticks = decades(low, high)
    .flatMap((decade) => [1, 2, 5].map((step) => step * decade))
    .filter((tick) => tick >= low && tick <= high)
  for (const tick of ticks) line[place(tick)] = '┬'
  // Whole decades first: they are what one looks for.
  for (const tick of [...ticks.filter(isDecade), ...ticks.filter((one) => !isDecade(one))]) {
    const name = tickName(tick)
    const from = Math.min(Math.max(place(tick) - Math.floor(name.length / 2), 0), columns - name.length)
    if (names.slice(Math.max(from - 1, 0), from + name.length + 1).every((char) => char === ' '))
      names.splice(from, name.length, ...name)
  }
  return [line.join(''), names.join('')]
}

const decades = (low: number, high: number): number[] => {
  const first = Math.floor(Math.log10(low))
  return Array.from({ length: Math.floor(Math.log10(high)) - first + 1 }, (_, i) => 10 ** (first + i))
}

const isDecade = (tick: number): boolean => Number.isInteger(Math.round(Math.log10(tick) * 1e9) / 1e9)

const tickName = (microseconds: number): string =>
  microseconds < 1000
    ? `${Number(microseconds.toPrecision(1))} µs`
    : microseconds < 1e6
      ? `${microseconds / 1000} ms`
      : `${microseconds / 1e6} s`

/** Three digits and a unit: `950 µs`, `1.08 ms`, `22.8 s`. */
export function duration(microseconds: number): string {
  const [value, unit] =
    microseconds < 999.5
      ? [microseconds, 'µs']
      : microseconds < 999_500
        ? [microseconds / 1000, 'ms']
        : [microseconds / 1e6, 's']
  return `${value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)} ${unit}`
}
