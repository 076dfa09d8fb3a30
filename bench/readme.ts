// Why: `npm run bench:readme -- FILE.json`. The README's picture and every number beside it come from one kept run, so
// that they cannot tell different stories: docs/benchmark.svg, and the block between two marks in README.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { chartsOf } from './pictures/charts.js'
import { notesOf } from './pictures/notes.js'
import { replaceBlock, summary } from './pictures/summary.js'
import { svg } from './pictures/svg.js'
import { readRun } from './samples.js'

/** Those of its pictures that a newcomer wants to see. */
const SHOWN = ['latency', 'endpoints']

const [file = ''] = new Command('npm run bench:readme --')
  .description('Writes docs/benchmark.svg and the numbers in README.md from a kept run.')
  .argument('<file>', 'raw samples, as npm run bench keeps them in bench/results/')
  .parse().args
const inRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const run = readRun(file)
const charts = chartsOf(run.samples).filter(({ name }) => SHOWN.includes(name))
writeFileSync(inRoot('docs/benchmark.svg'), svg(charts, notesOf(run.facts)))
writeFileSync(inRoot('README.md'), replaceBlock(readFileSync(inRoot('README.md'), 'utf8'), summary(run, charts)))
process.stdout.write('docs/benchmark.svg and the block in README.md are of this run now.\n')
