import { median } from '../stats.js'
import { BASE, categoryAxis, ROOM, roomFor, valueAxis } from './axes.js'
import type { Drawing } from './chart.js'
import { colorOf, ink, short, thousands, threeDigits } from './look.js'
import { rowsOf, type Measured } from './measured.js'

const ROW = 30

/**
 * A bar for each arm and variant that has a value: the median of its trials.
 *
 * @param unit - Of the values.
 * @returns `undefined` when there is none.
 */
export function bars(
  samples: readonly Measured[],
  unit: string,
  valueOf: (sample: Measured) => number | undefined,
): Drawing | undefined {
  const rows = rowsOf(samples).flatMap(({ arm, name, samples: list }) => {
    const values = list.flatMap((sample) => valueOf(sample) ?? [])
    return values.length === 0 ? [] : { arm, name, value: median(values) }
  })
  if (rows.length === 0) return undefined
  const tell = (value: number) => (value >= 1000 ? thousands(Math.round(value)) : threeDigits(value))
  return {
    height: rows.length * ROW + ROOM.top + ROOM.bottom,
    text: rows.map(({ name, value }) => `${name}: ${tell(value)} ${unit}.`),
    option: {
      ...BASE,
      grid: { ...ROOM, left: roomFor(rows.map(({ name }) => name)), right: 90, top: 8 },
      xAxis: valueAxis(`${unit}, median`, 'x', { min: 0 }),
      yAxis: {
        ...categoryAxis(
          '',
          'y',
          rows.map(({ name }) => name),
        ),
        inverse: true,
      },
      series: [
        {
          type: 'bar',
          barWidth: 16,
          data: rows.map(({ arm, value }, i) => ({
            value: short(value),
            itemStyle: { color: colorOf(arm, i) },
            label: { show: true, position: 'right', formatter: tell(value), color: ink.text, textBorderWidth: 0 },
          })),
        },
      ],
    },
  }
}
