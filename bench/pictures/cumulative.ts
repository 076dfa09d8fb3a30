import { BASE, legend, logAxis, ROOM, roomForLegend, tooltipOfAll, valueAxis } from './axes.js'
import type { Drawing } from './chart.js'
import { colorOf, short } from './look.js'
import { fastestFirst, totals, type Measured } from './measured.js'

const HEIGHT = 360
const STEPS = 200

/** How many of all were done within a time, a curve an arm. */
export function cumulative(samples: readonly Measured[]): Drawing | undefined {
  const arms = fastestFirst(samples).map(({ arm, name, samples: list }) => ({
    arm,
    name,
    sorted: totals(list).sort((a, b) => a - b),
  }))
  if (arms.length === 0) return undefined
  const names = arms.map(({ name }) => name)
  return {
    height: HEIGHT,
    text: [],
    option: {
      ...BASE,
      grid: { ...ROOM, top: roomForLegend(names) },
      legend: legend(names),
      tooltip: tooltipOfAll,
      xAxis: logAxis(
        'milliseconds, log scale',
        'x',
        arms.flatMap(({ sorted }) => [sorted[0] ?? 1, sorted.at(-1) ?? 1]).map((one) => one / 1000),
      ),
      yAxis: valueAxis('% done', 'y', { min: 0, max: 100 }),
      series: arms.map(({ arm, name, sorted }, i) => ({
        name,
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
