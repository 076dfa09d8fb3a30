import type { EChartsOption } from 'echarts'
import { ink } from './look.js'

/** Axes of one look. An option is plain data, without functions: the report carries it as JSON. */

/** Of a picture, in pixels; a report is as wide as its page. */
export const WIDTH = 912
const ITEM_GAP = 24
const ITEM_WIDTH = 16

/** The room that titles, labels and axis names take inside a picture, in pixels. */
export const ROOM = { left: 60, right: 40, top: 36, bottom: 48 }

const LETTER = 6.7

/** The room on the left that names of rows take, in pixels: guessed, as there is no browser to ask. */
export const roomFor = (names: readonly string[]): number =>
  Math.max(...names.map((name) => name.length * LETTER), 60) + 14

const shared = {
  nameTextStyle: { color: ink.faint, fontSize: 12 },
  axisLabel: { color: ink.text, fontSize: 12 },
  axisLine: { show: true, lineStyle: { color: ink.line } },
  axisTick: { lineStyle: { color: ink.line } },
  splitLine: { show: true, lineStyle: { color: ink.line } },
  minorSplitLine: { show: true, lineStyle: { color: ink.thin } },
}

const named = (name: string, axis: 'x' | 'y') =>
  axis === 'x'
    ? { name, nameLocation: 'middle' as const, nameGap: 28 }
    : { name, nameLocation: 'end' as const, nameTextStyle: { ...shared.nameTextStyle, align: 'left' as const } }

/** A log axis that begins and ends at 1, 2 or 5 of a decade. */
export function logAxis(name: string, axis: 'x' | 'y', values: readonly number[]) {
  const [min, max] = [stepDown(Math.min(...values)), stepUp(Math.max(...values))]
  // Beside the label of a decade there is no room for another.
  const axisLabel = { ...shared.axisLabel, showMinLabel: isDecade(min), showMaxLabel: isDecade(max) }
  return { type: 'log' as const, ...shared, ...named(name, axis), axisLabel, min, max }
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

const TOOLTIP = {
  trigger: 'item' as const,
  backgroundColor: ink.paper,
  borderColor: ink.line,
  textStyle: { color: ink.text },
}

/** What every picture has. */
export const BASE = {
  animation: false,
  backgroundColor: 'transparent',
  textStyle: { fontFamily: FONT },
  tooltip: TOOLTIP,
} satisfies EChartsOption

/** Tells of everything that is at one place of the x axis. */
export const tooltipOfAll = { ...TOOLTIP, trigger: 'axis' as const }

/** The room that a legend, and the name of the axis below it, take above the axes. */
export const roomForLegend = (names: readonly string[]): number =>
  24 +
  (ITEM_GAP + 14) *
    Math.ceil(names.reduce((sum, name) => sum + name.length * LETTER + ITEM_GAP + ITEM_WIDTH, 0) / WIDTH)

/** A legend above the axes. */
export const legend = (names: readonly string[]) => ({
  data: [...names],
  top: 0,
  left: 0,
  // Without a browser the width of a text is guessed, and guessed narrow.
  itemGap: ITEM_GAP,
  icon: 'roundRect',
  itemWidth: ITEM_WIDTH,
  itemHeight: 10,
  textStyle: { color: ink.text, fontSize: 12 },
  inactiveColor: ink.line,
  borderColor: ink.line,
})

// 1, 2 and 5 of each decade: an axis that begins where its values do, not a decade earlier.
const STEPS = [1, 2, 5, 10]

function stepDown(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value))
  return round(
    [...STEPS]
      .reverse()
      .map((step) => step * decade)
      .find((one) => one <= value) ?? decade,
  )
}

function stepUp(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value))
  return round(STEPS.map((step) => step * decade).find((one) => one >= value) ?? decade * 10)
}

const isDecade = (value: number): boolean => Number.isInteger(Math.log10(value))

const round = (value: number): number => Number(value.toPrecision(1))
