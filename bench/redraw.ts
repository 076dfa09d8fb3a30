// Why: `npm run bench:report -- FILE.json`. Tables and pictures again, from samples that were kept.
import { Command } from 'commander'
import { draw } from './pictures/draw.js'
import { report } from './report.js'
import { readRun, type Sample } from './samples.js'

const command = new Command('npm run bench:report --')
  .description('Prints the tables of a kept run, and draws its pictures and report.html again.')
  .argument('<file>', 'raw samples, as npm run bench keeps them in bench/results/')
  .option('--pictures <folder>', 'where pictures go, instead of a folder beside the file')
  .parse()
const [file = ''] = command.args
const { pictures } = command.opts<{ pictures?: string }>()

const run = readRun(file)
const tables = report(run.facts, run.samples as readonly Sample[])
const drawn = draw(run, tables, pictures ?? file.replace(/(\.json)?$/, '-pictures'))
process.stdout.write(`${tables}\n\n${drawn.join('\n')}\n`)
