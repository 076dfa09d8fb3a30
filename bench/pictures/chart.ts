import type { EChartsOption } from 'echarts'

/** One picture: what stands around it, and what the charting library draws. */
export interface Chart {
  /** Name of its file, without the ending. */
  name: string
  title: string
  /** What is to be seen, and how it was measured: a sentence or two. */
  subtitle: string
  /** In pixels, without the title. */
  height: number
  option: EChartsOption
  /** Each row as a sentence, for those who do not see the picture. */
  text: readonly string[]
}

/** What the samples decide of a chart; the rest is said of its kind. */
export type Drawing = Pick<Chart, 'height' | 'option' | 'text'>
