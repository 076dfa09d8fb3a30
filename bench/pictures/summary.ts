import { mean, median, percentile, ratio } from '../stats.js'
import type { Chart } from './chart.js'
import { duration, nameOf, thousands } from './look.js'
import { fastestFirst, groupBy, totals, type Measured, type Run } from './measured.js'
import { notesOf } from './notes.js'

const BEGIN = '<!-- benchmark: written by `npm run bench:readme -- FILE.json`, not by hand -->'
const END = '<!-- benchmark: end -->'

/** What a README shows of a run, in Markdown: the picture, where and how it was measured, and its numbers. */
export function summary({ facts, samples }: Run, charts: readonly Chart[]): string {
  return [
    `<img src="https://raw.githubusercontent.com/slipway-net/slipway/main/docs/benchmark.svg" alt="${alternative(charts)}" width="100%">`,
    `${notesOf(facts).join('. ')}.`,
    latency(samples.filter(({ measure }) => measure === 'latency')),
    bursts(samples.filter(({ measure }) => measure === 'burst')),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** @throws {Error} when the text has no block, or more than one. */
export function replaceBlock(text: string, content: string): string {
  const [before, rest, ...more] = text.split(BEGIN)
  const [, after, ...further] = rest?.split(END) ?? []
  if (before === undefined || after === undefined || more.length + further.length > 0)
    throw new Error(`There must be one block between ${BEGIN} and ${END}.`)
  return `${before}${BEGIN}\n${content}\n${END}${after}`
}

const alternative = (charts: readonly Chart[]): string =>
  charts
    .map(({ title, text }) => [title, ...text].join('. '))
    .join(' ')
    .replaceAll('..', '.')
    .replaceAll('"', "'")

function latency(samples: readonly Measured[]): string {
  const base = rounds(samples, 'floor')
  const rows = fastestFirst(samples).map(({ arm, name, samples: list }) => {
    const all = totals(list)
    const compared = (percent: number) =>
      arm === 'floor' || base.length === 0 ? '' : ratio(rounds(samples, arm), base, percent).value.toFixed(2)
    return [
      name,
      ...[50, 90, 99].map((percent) => duration(percentile(all, percent))),
      compared(50),
      compared(99),
      thousands(Math.round(1e6 / mean(all))),
    ]
  })
  return rows.length === 0
    ? ''
    : table(
        ['one endpoint with one published port', 'p50', 'p90', 'p99', 'p50 ÷ floor', 'p99 ÷ floor', 'a second'],
        rows,
      )
}

function bursts(samples: readonly Measured[]): string {
  const sizes = groupBy(samples, ({ at, count }) => at ?? count)
  const arms = [...groupBy(samples, ({ arm }) => arm).keys()]
  const rows = [...sizes]
    .sort(([a], [b]) => a - b)
    .map(([size, list]) => {
      const rate = (arm: string) =>
        thousands(Math.round((size * 1e6) / median(totals(list.filter((sample) => sample.arm === arm)))))
      return [thousands(size), ...arms.map((arm) => (list.some((sample) => sample.arm === arm) ? rate(arm) : ''))]
    })
  return rows.length === 0
    ? ''
    : table(['asked for at once, endpoints a second', ...arms.map((arm) => nameOf(arm))], rows)
}

const rounds = (samples: readonly Measured[], arm: string): number[][] =>
  [
    ...groupBy(
      samples.filter((sample) => sample.arm === arm),
      ({ round }) => round,
    ),
  ]
    .sort(([a], [b]) => a - b)
    .map(([, list]) => totals(list))

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}
