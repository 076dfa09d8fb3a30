import { BASE, legend, logAxis, ROOM, tooltipOfAll, valueAxis } from './axes.js'
import type { Chart } from './chart.js'
import { colorOf, nameOf, short } from './look.js'
import { fastestFirst, totals, type Measured } from './measured.js'

const HEIGHT = 360
const STEPS = 200

/** How many of all were done within a time, a curve an arm. */
export function cumulative(samples: readonly Measured[]): Omit<Chart, 'name' | 'title' | 'subtitle'> {
  const arms = fastestFirst(samples).map(([arm, list]) => ({ arm, sorted: totals(list).sort((a, b) => a - b) }))
  const names = arms.map(({ arm }) => nameOf(arm))
  return {
    height: HEIGHT,
    text: [],
    option: {
      ...BASE,
      grid: { ...ROOM, left: 50, top: 56 },
      legend: legend(names),
      tooltip: tooltipOfAll,
      xAxis: logAxis('milliseconds, log scale', 'x', arms.flatMap(({ sorted }) => [sorted[0] ?? 1, sorted.at(-1) ?? 1]).map((one) => one / 1000)),
      yAxis: valueAxis('% done', 'y', { min: 0, max: 100 }),
      series: arms.map(({ arm, sorted }, i) => ({
        name: nameOf(arm),
        type: 'line',
        step: 'end',
        symbol: 'none',
        color: colorOf(arm, i),
        lineStyle: { width: 2 },
        data: thinned(sorted),
      })),
    },
  }
}

/** [milliseconds, percent] at even steps, and every sample of the slowest hundredth: that is where the story is. */
function thinned(sorted: readonly number[]): [number, number][] {
  const n = sorted.length
  const ranks = new Set([0, ...Array.from({ length: STEPS }, (_, i) => Math.floor((i * n) / STEPS))])
  for (let i = Math.floor(n * 0.99); i < n; i++) ranks.add(i)
  return [...ranks].sort((a, b) => a - b).map((i) => [short((sorted[i] ?? 0) / 1000), short(((i + 1) / n) * 100)])
}
