import { percentile } from '../stats.js'
import { BASE, categoryAxis, logAxis, ROOM, roomFor, valueAxis } from './axes.js'
import type { Drawing } from './chart.js'
import { density } from './density.js'
import { colorOf, duration, ink, short } from './look.js'
import { fastestFirst, totals, type Measured } from './measured.js'

const ROW = 62
/** Of a row: where its base line lies, and how high its highest point is above. */
const BASE_LINE = 0.16
const PEAK = 0.66

/**
 * A row an arm or variant, the fastest first: how often which time was measured, on a log axis; on its base line the
 * median (dot) and how far it is to the 99th percentile; both as numbers on the right.
 */
export function distributions(samples: readonly Measured[]): Drawing | undefined {
  const rows = fastestFirst(samples).map(({ arm, name, samples: list }, i) => row(name, colorOf(arm, i), totals(list)))
  if (rows.length === 0) return undefined
  const names = rows.map(({ name }) => name)
  const count = rows.length
  // The value axis goes up and the rows go down.
  const baseOf = (i: number) => count - 1 - i + BASE_LINE
  return {
    height: count * ROW + 24 + ROOM.bottom,
    text: rows.map(
      ({ name, p50, p99, samples: times }) =>
        `${name}: median ${duration(p50)}, 99th percentile ${duration(p99)}, ${times.length} samples.`,
    ),
    option: {
      ...BASE,
      grid: { ...ROOM, left: roomFor(names), right: 150, top: 24 },
      xAxis: logAxis(
        'milliseconds, log scale',
        'x',
        rows.flatMap(({ samples: times }) => times.map((time) => time / 1000)),
      ),
      yAxis: [
        { ...categoryAxis('', 'y', names), inverse: true },
        { ...valueAxis('', 'y', { min: 0, max: count }), show: false },
        {
          ...categoryAxis(
            'p50 · p99',
            'y',
            rows.map(({ p50, p99 }) => `${duration(p50)} · ${duration(p99)}`),
          ),
          inverse: true,
          position: 'right',
          nameLocation: 'start',
          nameTextStyle: { color: ink.faint, align: 'left', padding: [0, 0, 0, 6] },
        },
      ],
      series: rows.flatMap(({ name, color, curve, p50, p99 }, i) => [
        {
          name,
          type: 'line',
          yAxisIndex: 1,
          symbol: 'none',
          color,
          lineStyle: { width: 1.5 },
          areaStyle: { origin: baseOf(i), opacity: 0.25 },
          data: curve.map(([x, height]) => [short(x / 1000), short(baseOf(i) + height * PEAK)]),
          tooltip: { show: false },
        },
        {
          name,
          type: 'line',
          yAxisIndex: 1,
          color,
          lineStyle: { width: 2 },
          symbolSize: 8,
          data: [
            {
              value: [short(p50 / 1000), baseOf(i)],
              symbol: 'circle',
              tooltip: { formatter: `${name}: p50 ${duration(p50)}` },
            },
            {
              value: [short(p99 / 1000), baseOf(i)],
              symbol: 'rect',
              symbolSize: [2, 10],
              tooltip: { formatter: `${name}: p99 ${duration(p99)}` },
            },
          ],
          itemStyle: { color, borderColor: ink.paper, borderWidth: 0 },
        },
      ]),
    },
  }
}

const row = (name: string, color: string, samples: readonly number[]) => ({
  name,
  color,
  curve: density(samples),
  p50: percentile(samples, 50),
  p99: percentile(samples, 99),
  samples,
})
