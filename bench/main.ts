// Why: `npm run bench`. How fast is an endpoint up, beside a C++ program that only sends the same messages and beside a
// shell that types the same commands?
import { SingleBar } from 'cli-progress'
import { Command, InvalidArgumentError } from 'commander'
import { facts } from './facts.js'
import { requireOwnNamespaces } from './own-namespace.js'
import { draw } from './pictures/draw.js'
import { report } from './report.js'
import { runTrial } from './run-trial.js'
import { keepSamples, type Sample } from './samples.js'
import { schedule, type Sizes } from './schedule.js'
import { ARMS, MEASURES } from './trial-spec.js'

const QUICK: Sizes = { trials: 3, count: 100, warmUp: 50, burst: 500 }
const FULL: Sizes = { trials: 12, count: 200, warmUp: 50, burst: 500 }

const options = new Command('npm run bench --')
  .description('Measures how fast endpoints come up. Raw samples are kept in bench/results/.')
  .option('--arms <list>', `which of ${ARMS.join(', ')}`, subsetOf(ARMS), [...ARMS])
  .option('--measures <list>', `which of ${MEASURES.join(', ')}`, subsetOf(MEASURES), [...MEASURES])
  .option('--trials <n>', `processes for each arm and measurement (${FULL.trials})`, wholeNumber)
  .option('--count <n>', `endpoints timed one after another in a trial (${FULL.count}; a tenth for exec)`, wholeNumber)
  .option('--warm-up <n>', `endpoints before those, not counted (${FULL.warmUp})`, wholeNumber)
  .option('--burst <n>', `endpoints asked for at once (${FULL.burst}; a bridge takes 1023 with the warm-up)`, wholeNumber)
  .option('--quick', `${QUICK.trials} trials of ${QUICK.count}`)
  .option('--seed <n>', 'of the order of the trials', wholeNumber, 1)
  .option('--json <file>', 'where the raw samples go, instead of bench/results/')
  .option('--pictures <folder>', 'where pictures and report.html go, instead of a folder beside the samples')
  .parse()
  .opts<Partial<Sizes> & { arms: (typeof ARMS)[number][]; measures: (typeof MEASURES)[number][]; quick?: true; seed: number; json?: string; pictures?: string }>()

requireOwnNamespaces()
const { arms, measures, quick, seed, json, pictures, ...given } = options
const machine = facts()
const trials = schedule(arms, measures, { ...(quick ? QUICK : FULL), ...given }, seed)
const bar = new SingleBar({ format: '{bar} {value}/{total} {what} ({eta_formatted} left)', stream: process.stderr, clearOnComplete: true })
const samples: Sample[] = []

bar.start(trials.length, 0, { what: '' })
try {
  for (const trial of trials) {
    bar.update({ what: `${trial.measure}: ${trial.arm}` })
    samples.push({ ...trial, result: await runTrial(trial) })
    bar.increment()
  }
} finally {
  bar.stop()
}
const file = keepSamples(machine, seed, samples, json)
const tables = report(machine, samples)
const drawn = draw({ facts: machine, samples }, tables, pictures ?? file.replace(/(\.json)?$/, '-pictures'))
process.stdout.write(`${tables}\n\nRaw samples: ${file}\nPictures: ${drawn.at(-1)}\n`)

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number is meant.')
  return Number(text)
}

function subsetOf<T extends string>(known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((name) => {
      const found = known.find((one) => one === name)
      if (found === undefined) throw new InvalidArgumentError(`Known are ${known.join(', ')}.`)
      return found
    })
}
