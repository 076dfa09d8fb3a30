import { init } from 'echarts'
import { FONT, WIDTH } from './axes.js'
import type { Chart } from './chart.js'
import { DARK, ink } from './look.js'

const MARGIN = 24
const WHOLE = WIDTH + 2 * MARGIN
const TITLE = 54
const LINE = 16

/**
 * Pictures below each other in one file, with what a number means nothing without below them. It follows the page it
 * stands on: on a dark one, every colour becomes its dark one.
 *
 * @param notes - Lines: the machine, the commit, the command.
 */
export function svg(charts: readonly Chart[], notes: readonly string[]): string {
  let y = MARGIN
  const parts = charts.map((chart) => {
    const part = [
      text(y + 16, 18, ink.text, chart.title, 600),
      text(y + 38, 13, ink.faint, chart.subtitle),
      drawn(chart).replace('<svg ', `<svg x="${MARGIN}" y="${y + TITLE}" `),
    ]
    y += TITLE + chart.height + MARGIN
    return part.join('\n')
  })
  const foot = notes.map((note, i) => text(y + i * LINE, 11, ink.faint, note))
  const height = y + notes.length * LINE + MARGIN - LINE
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WHOLE}" height="${height}" viewBox="0 0 ${WHOLE} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escape(charts.map(({ title }) => title).join('; '))}</title>`,
    `<desc id="desc">${escape(charts.flatMap((chart) => chart.text).join(' '))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WHOLE}" height="${height}" rx="8" fill="${ink.paper}"/>`,
    ...parts,
    ...foot,
    '</svg>\n',
  ].join('\n')
}

const dark = Object.entries(DARK).flatMap(([light, color]) =>
  ['fill', 'stroke'].map((what) => `[${what}="${light}"]{${what}:${color}}`),
)
const STYLE = `@media (prefers-color-scheme: dark){${dark.join('')}}`

const text = (y: number, size: number, color: string, content: string, weight = 400): string =>
  `<text x="${MARGIN}" y="${y}" font-family="${FONT}" font-size="${size}" font-weight="${weight}" fill="${color}">${escape(content)}</text>`

/** The library's own picture: it needs no browser for that. */
function drawn({ option, height }: Chart): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  try {
    chart.setOption(option)
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

export const escape = (content: string): string => content.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
