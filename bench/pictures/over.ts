import { median, percentile } from '../stats.js'
import { BASE, categoryAxis, legend, logAxis, ROOM, roomForLegend, tooltipOfAll, valueAxis } from './axes.js'
import type { Drawing } from './chart.js'
import { colorOf, duration, short, thousands } from './look.js'
import { fastestFirst, groupBy, totals, type Measured } from './measured.js'

/** Arms further apart than this are drawn on a log axis. */
const WIDE = 20

/**
 * Cost against a number: how many there are already. A line an arm (median), a dashed one for the 99th percentile.
 *
 * @param what - Name of the number.
 * @returns `undefined` when there are not two numbers to compare.
 */
export function costOver(samples: readonly Measured[], what: string): Drawing | undefined {
  const point = (list: readonly Measured[], percent: number) => percentile(totals(list), percent) / 1000
  return lines(samples, what, 'milliseconds', [
    { label: 'median', of: (list) => point(list, 50), dashed: false },
    { label: '99th percentile', of: (list) => point(list, 99), dashed: true },
  ])
}

/** Throughput against how many are asked for at once: median of the trials. */
export function rateOver(samples: readonly Measured[], what: string): Drawing | undefined {
  const sized = samples.map((sample) => ({ ...sample, at: sample.at ?? sample.count }))
  const rate = (list: readonly Measured[]) => ((list[0]?.at ?? 0) * 1e6) / median(totals(list))
  return lines(sized, what, 'a second', [{ label: 'median', of: rate, dashed: false }])
}

interface Line {
  label: string
  of: (samples: readonly Measured[]) => number
  dashed: boolean
}

function lines(samples: readonly Measured[], what: string, unit: string, kinds: readonly Line[]): Drawing | undefined {
  const places = [...new Set(samples.flatMap(({ at }) => at ?? []))].sort((a, b) => a - b)
  if (places.length < 2) return undefined
  const drawn = fastestFirst(samples.filter(({ at }) => at !== undefined)).flatMap(
    ({ arm, name, samples: list }, i) => {
      const by = groupBy(list, ({ at }) => at)
      return kinds.map((kind) => ({
        ...kind,
        name,
        color: colorOf(arm, i),
        values: places.map((at) => (by.has(at) ? short(kind.of(by.get(at) ?? [])) : null)),
      }))
    },
  )
  const values = drawn.flatMap((line) => line.values).filter((value) => value !== null)
  const names = [...new Set(drawn.map(({ name }) => name))]
  const wide = Math.max(...values) / Math.min(...values) > WIDE
  const tell = (value: number) =>
    unit === 'milliseconds' ? duration(value * 1000) : `${thousands(Math.round(value))} ${unit}`
  return {
    height: 360,
    text: drawn.map(
      ({ name, label, values }) =>
        `${name}, ${label}: ${values.flatMap((value, i) => (value === null ? [] : `${tell(value)} at ${thousands(places[i] ?? 0)}`)).join(', ')}.`,
    ),
    option: {
      ...BASE,
      grid: { ...ROOM, top: roomForLegend(names) },
      legend: legend(names),
      tooltip: tooltipOfAll,
      // Its places stand side by side: on a number line 0, 100 and 1,000 would be one point beside 10,000.
      xAxis: categoryAxis(what, 'x', places.map(thousands)),
      yAxis: wide ? logAxis(`${unit}, log scale`, 'y', values) : valueAxis(unit, 'y', { min: 0 }),
      series: drawn.map(({ name, color, dashed, values: data }) => ({
        name,
        type: 'line',
        color,
        lineStyle: { width: dashed ? 1 : 2.5, type: dashed ? 'dashed' : 'solid' },
        symbol: 'circle',
        symbolSize: dashed ? 4 : 7,
        connectNulls: true,
        data,
      })),
    },
  }
}
