import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartsOf } from './charts.js'
import type { Run } from './measured.js'
import { notesOf } from './notes.js'
import { page } from './page.js'
import { svg } from './svg.js'

/**
 * Writes every picture that a run gives (NAME.svg) and the report with all of them (report.html). Returns the files.
 */
export function draw({ facts, samples }: Run, tables: string, folder: string): string[] {
  mkdirSync(folder, { recursive: true })
  const charts = chartsOf(samples)
  const notes = notesOf(facts)
  const files = [
    ...charts.map((chart) => ({ name: `${chart.name}.svg`, content: svg([chart], notes) })),
    { name: 'report.html', content: page('Slipway: how fast endpoints come up', charts, notes, tables) },
  ]
  return files.map(({ name, content }) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  })
}
