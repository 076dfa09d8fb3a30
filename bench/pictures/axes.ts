import type { EChartsOption } from 'echarts'
import { ink } from './look.js'

/** Axes of one look. An option is plain data, without functions: the report carries it as JSON. */

/** The room that titles, labels and axis names take inside a picture, in pixels. */
export const ROOM = { left: 190, right: 40, top: 36, bottom: 48 }

const shared = {
  nameTextStyle: { color: ink.faint, fontSize: 12 },
  axisLabel: { color: ink.text, fontSize: 12 },
  axisLine: { show: true, lineStyle: { color: ink.line } },
  axisTick: { lineStyle: { color: ink.line } },
  splitLine: { show: true, lineStyle: { color: ink.line } },
  minorSplitLine: { show: true, lineStyle: { color: ink.thin } },
}

const named = (name: string, axis: 'x' | 'y') => (axis === 'x' ? { name, nameLocation: 'middle' as const, nameGap: 28 } : { name, nameLocation: 'end' as const })

/** A log axis over whole decades' fifths around values. */
export function logAxis(name: string, axis: 'x' | 'y', values: readonly number[]) {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return { type: 'log' as const, ...shared, ...named(name, axis), min: stepDown(low), max: stepUp(high) }
}

export const valueAxis = (name: string, axis: 'x' | 'y', limits: { min?: number; max?: number } = {}) => ({
  type: 'value' as const,
  ...shared,
  minorSplitLine: { show: false },
  ...named(name, axis),
  ...limits,
})

export const categoryAxis = (name: string, axis: 'x' | 'y', data: readonly string[]) => ({
  type: 'category' as const,
  ...shared,
  splitLine: { show: false },
  minorSplitLine: { show: false },
  axisTick: { show: false },
  ...named(name, axis),
  data: [...data],
})

/** Without quotes: the library writes it into an attribute as it is. */
export const FONT = 'system-ui, -apple-system, DejaVu Sans, sans-serif'

const TOOLTIP = { trigger: 'item' as const, backgroundColor: ink.paper, borderColor: ink.line, textStyle: { color: ink.text } }

/** What every picture has. */
export const BASE = {
  animation: false,
  backgroundColor: 'transparent',
  textStyle: { fontFamily: FONT },
  tooltip: TOOLTIP,
} satisfies EChartsOption

/** Tells of everything that is at one place of the x axis. */
export const tooltipOfAll = { ...TOOLTIP, trigger: 'axis' as const }

/** A legend above the axes. */
export const legend = (names: readonly string[]) => ({
  data: [...names],
  top: 0,
  left: 0,
  // Without a browser the width of a text is guessed, and guessed narrow.
  itemGap: 30,
  icon: 'roundRect',
  itemWidth: 16,
  itemHeight: 10,
  textStyle: { color: ink.text, fontSize: 12 },
  inactiveColor: ink.line,
  borderColor: ink.line,
})

// 1, 2 and 5 of each decade: an axis that begins where its values do, not a decade earlier.
const STEPS = [1, 2, 5, 10]

function stepDown(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value))
  return round([...STEPS].reverse().map((step) => step * decade).find((one) => one <= value) ?? decade)
}

function stepUp(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value))
  return round(STEPS.map((step) => step * decade).find((one) => one >= value) ?? decade * 10)
}

const round = (value: number): number => Number(value.toPrecision(1))
