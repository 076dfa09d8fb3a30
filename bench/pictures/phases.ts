import { median } from '../stats.js'
import { BASE, categoryAxis, legend, ROOM, roomFor, roomForLegend, valueAxis } from './axes.js'
import type { Drawing } from './chart.js'
import { colorOf, duration, ink, short } from './look.js'
import { fastestFirst, type Measured } from './measured.js'

const ROW = 64

/** Where the time goes: a bar an arm, of the median of each phase. */
export function phases(samples: readonly Measured[]): Drawing | undefined {
  const arms = fastestFirst(samples)
    .map(({ name, samples: list }) => ({ name, of: medians(list) }))
    .filter(({ of }) => of.size > 1)
  if (arms.length === 0) return undefined
  const names = [...new Set(arms.flatMap(({ of }) => [...of.keys()]))].sort(
    (a, b) => Number(a === 'rest') - Number(b === 'rest'),
  )
  return {
    height: arms.length * ROW + roomForLegend(names) + ROOM.bottom,
    text: arms.map(
      ({ name, of }) => `${name}: ${[...of].map(([phase, time]) => `${phase} ${duration(time)}`).join(', ')}.`,
    ),
    option: {
      ...BASE,
      grid: { ...ROOM, left: roomFor(arms.map(({ name }) => name)), top: roomForLegend(names) },
      legend: legend(names),
      xAxis: valueAxis('µs, medians of each phase', 'x', { min: 0 }),
      yAxis: {
        ...categoryAxis(
          '',
          'y',
          arms.map(({ name }) => name),
        ),
        inverse: true,
      },
      series: names.map((phase, i) => ({
        name: phase,
        type: 'bar',
        stack: 'phases',
        barWidth: 30,
        color: phase === 'rest' ? ink.line : colorOf('', i),
        itemStyle: { borderColor: ink.paper, borderWidth: 1 },
        data: arms.map(({ of }) => {
          const time = of.get(phase)
          return time === undefined
            ? null
            : {
                value: short(time),
                label: { show: time > 40, formatter: time.toFixed(0), color: phase === 'rest' ? ink.text : ink.paper },
              }
        }),
      })),
    },
  }
}

function medians(samples: readonly Measured[]): Map<string, number> {
  const names = [...new Set(samples.flatMap(({ result }) => Object.keys(result.phases)))]
  return new Map(names.map((name) => [name, median(samples.flatMap(({ result }) => result.phases[name] ?? []))]))
}
