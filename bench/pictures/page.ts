import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { FONT } from './axes.js'
import type { Chart } from './chart.js'
import { DARK, ink } from './look.js'
import { escape } from './svg.js'

/**
 * One file with everything in it: charts that can be zoomed (wheel, pinch, the slider below), dragged, and asked for
 * their values, and the tables. It loads nothing from anywhere.
 */
export function page(title: string, charts: readonly Chart[], notes: readonly string[], tables: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>${STYLE}</style>
<h1>${escape(title)}</h1>
<p class="notes">${notes.map(escape).join('<br>')}</p>
${charts.map(section).join('\n')}
<h2>As tables</h2>
<pre>${escape(tables)}</pre>
<script>${library()}</script>
<script type="application/json" id="options">${json(charts.map(({ option }) => option))}</script>
<script type="application/json" id="dark">${json(DARK)}</script>
<script>${SCRIPT}</script>
</html>
`
}

const section = ({ title, subtitle, height, text }: Chart): string => `<section>
<h2>${escape(title)}</h2>
<p>${escape(subtitle)}</p>
<div class="chart" role="img" aria-label="${escape(text.join(' '))}" style="height:${height + SLIDER}px"></div>
</section>`

/** What the slider takes below a chart, in pixels. */
const SLIDER = 40

const library = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('echarts/dist/echarts.common.min.js'), 'utf8')

/** In a script element, where only `</script` could end it. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')

const STYLE = `
:root { color-scheme: light dark }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; font: 15px/1.5 ${FONT};
  background: light-dark(${ink.paper}, ${DARK[ink.paper]}); color: light-dark(${ink.text}, ${DARK[ink.text]}) }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-bottom: 0 } section p, .notes { margin-top: .2rem; color: light-dark(${ink.faint}, ${DARK[ink.faint]}) }
section { margin: 2.5rem 0 } pre { overflow-x: auto; font-size: 12px; line-height: 1.35 }
`

// In the browser: zoom on every numeric x axis, and the colours of the page's scheme, also when that changes.
const SCRIPT = `
const options = document.getElementById('options').textContent
const dark = JSON.parse(document.getElementById('dark').textContent)
const scheme = matchMedia('(prefers-color-scheme: dark)')
const places = [...document.querySelectorAll('.chart')]
let charts = []
function draw() {
  const colors = (text) => scheme.matches ? text.replace(/#[0-9a-f]{6}/g, (color) => dark[color] ?? color) : text
  for (const chart of charts) chart.dispose()
  charts = JSON.parse(colors(options)).map((option, i) => {
    const chart = echarts.init(places[i], null, { renderer: 'svg' })
    const zoom = { xAxisIndex: 0, filterMode: 'none' }
    option.grid.bottom += ${SLIDER}
    chart.setOption({ ...option, dataZoom: [{ type: 'inside', ...zoom }, { type: 'slider', height: 18, bottom: 8, showDetail: false, showDataShadow: false, ...zoom }] })
    return chart
  })
}
draw()
scheme.addEventListener('change', draw)
addEventListener('resize', () => charts.forEach((chart) => chart.resize()))
`
