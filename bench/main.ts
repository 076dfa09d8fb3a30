// Why: `npm run bench`. How fast is an endpoint up, beside a C++ program that only sends the same messages, a shell
// that types the same commands, and the programs that others use?
import { resolve } from 'node:path'
import { SingleBar } from 'cli-progress'
import { Command, InvalidArgumentError } from 'commander'
import { facts } from './facts.js'
import { entryOf } from './library.js'
import { requireOwnNamespaces } from './own-namespace.js'
import { isDnsmasqHere } from './measures/names.js'
import { FULL, PARTS, QUICK, type Sizes } from './parts.js'
import { findPeers, type PeerPaths } from './peers/programs.js'
import { draw } from './pictures/draw.js'
import { report } from './report.js'
import { runTrial, TrialFailed } from './run-trial.js'
import { keepSamples, type Sample } from './samples.js'
import { schedule, type Scheduled } from './schedule.js'
import { kernelHas } from './segment.js'
import { ARMS, isAgainst, MEASURES, SEGMENT_KINDS, type Arm, type Measure } from './trial-spec.js'

const options = new Command('npm run bench --')
  .description('Measures how fast endpoints come up. Raw samples are kept in bench/results/.')
  .option(
    '--parts <list>',
    `what is measured, see below; all is every part`,
    readParts,
    MEASURES.filter((measure) => PARTS[measure].byDefault),
  )
  .option('--arms <list>', `which of ${ARMS.join(', ')}; default: those that are there`, subsetOf(ARMS))
  .option('--quick', 'a minute or two: fewer and smaller trials')
  .option('--trials <n>', `processes for each arm and part, at most (${FULL.trials})`, wholeNumber)
  .option(
    '--count <n>',
    `endpoints timed one after another in a trial (${FULL.count}; peers: ${FULL.peerCount}, Docker ${FULL.dockerCount})`,
    wholeNumber,
  )
  .option('--warm-up <n>', `endpoints before those, not counted (${FULL.warmUp})`, wholeNumber)
  .option(
    '--practice <n>',
    `endpoints of ours that come and go before those, in the same process (${FULL.practice})`,
    wholeNumber,
  )
  .option('--bursts <list>', `so many at once (${FULL.bursts.join(',')}; peers up to ${FULL.peerMost})`, wholeNumbers)
  .option(
    '--existing <list>',
    `so many endpoints are there (${FULL.existing.join(',')}; peers up to ${FULL.peerMost})`,
    wholeNumbers,
  )
  .option('--ports <list>', `so many ports are published (${FULL.ports.join(',')})`, wholeNumbers)
  .option('--seconds <n>', `of churn (${FULL.seconds})`, wholeNumber)
  .option('--against <folder>', 'another checkout of Slipway, built: two more arms, and a table of here and there')
  .option('--cni-dir <folder>', 'of the CNI plugins, instead of those of npm run bench:peers')
  .option('--netavark <program>', 'another one')
  .option('--dockerd <program>', 'another one, in a bin folder with the rest of Docker beside it')
  .option('--seed <n>', 'of the order of the trials', wholeNumber, 1)
  .option('--json <file>', 'where the raw samples go, instead of bench/results/')
  .option('--pictures <folder>', 'where pictures and report.html go, instead of a folder beside the samples')
  .addHelpText(
    'after',
    `\nParts:\n${MEASURES.map(describePart).join('\n')}\n\n* when --parts is not given\n\nThe arms are explained in bench/README.md. npm run bench:peers fetches those of others.`,
  )
  .parse()
  .opts<
    Partial<Sizes> &
      PeerPaths & { parts: Measure[]; arms?: Arm[]; quick?: true; seed: number; json?: string; pictures?: string }
  >()

requireOwnNamespaces()
const { parts, quick, seed, json, pictures, arms: wanted, against, cniDir, netavark, dockerd, ...given } = options
if (against) requireBuilt(against)
const peers = findPeers({
  ...(against ? { against: resolve(against) } : {}),
  ...(cniDir ? { cniDir } : {}),
  ...(netavark ? { netavark } : {}),
  ...(dockerd ? { dockerd } : {}),
})
const arms = present(wanted)
const machine = facts(against)
const trials = possible(schedule(arms, parts, { ...(quick ? QUICK : FULL), ...given }, seed))
const bar = new SingleBar({
  format: '{bar} {value}/{total} {what} ({eta_formatted} left)',
  stream: process.stderr,
  clearOnComplete: true,
})
const samples: Sample[] = []
const failures: string[] = []
// What was measured until then is kept; typed twice, Ctrl-C ends it at once.
let ended = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (ended = true))

bar.start(trials.length, 0, { what: '' })
try {
  for (const trial of trials) {
    if (ended) break
    bar.update({
      what: [`${trial.measure}: ${trial.arm}`, trial.variant, trial.at].filter((word) => word !== undefined).join(' '),
    })
    try {
      samples.push({ ...trial, result: await runTrial(trial, peers) })
    } catch (error) {
      if (!(error instanceof TrialFailed)) throw error
      // A terminal sends the signal to the trial, too.
      if (!ended) failures.push(error.message)
    }
    bar.increment()
  }
} finally {
  bar.stop()
}
const file = keepSamples(machine, seed, samples, json)
const tables = report(machine, samples)
const drawn = draw({ facts: machine, samples }, tables, pictures ?? file.replace(/(\.json)?$/, '-pictures'))
process.stdout.write(`${tables}\n\nRaw samples: ${file}\nPictures: ${drawn.at(-1)}\n`)
if (ended) process.stderr.write(`slipway: ended after ${samples.length} of ${trials.length} trials.\n`)
// An hour of the others is not thrown away.
for (const failure of failures) process.stderr.write(`slipway: a trial failed: ${failure}\n`)
if (failures.length > 0 || ended) process.exitCode = 1

/** The arms that can be measured here. @throws {Error} when one that was asked for cannot. */
function present(asked: readonly Arm[] | undefined): Arm[] {
  const absent = reasonsAgainst()
  const missing = (asked ?? ARMS).filter((arm) => absent[arm] !== undefined)
  for (const arm of missing.filter((one) => asked || !isAgainst(one)))
    process.stderr.write(`slipway: without ${arm}: ${absent[arm]}\n`)
  if (asked && missing.length > 0) process.exit(1)
  return (asked ?? ARMS).filter((arm) => absent[arm] === undefined)
}

/** Says in words that there is nothing to measure, before anything is. */
function requireBuilt(checkout: string): void {
  try {
    entryOf(checkout)
  } catch (error) {
    process.stderr.write(`slipway: ${(error as Error).message}\n`)
    process.exit(1)
  }
}

function reasonsAgainst(): Partial<Record<Arm, string>> {
  const { cniDir: cni, netavark: podman, dockerd: docker } = peers
  const elsewhere = 'which other checkout? Say so by --against'
  const reason = (option: string) => `not here. Type npm run bench:peers, or say where by ${option}`
  return {
    ...(cni ? {} : { cni: reason('--cni-dir') }),
    ...(podman ? {} : { netavark: reason('--netavark') }),
    ...(against ? {} : { against: elsewhere, 'against-pooled': elsewhere }),
    ...(docker ? {} : { 'docker-connect': reason('--dockerd'), 'docker-start': reason('--dockerd') }),
  }
}

/** Trials but those for which the machine lacks a kind of link or a program: these are left out, and said so. */
function possible(scheduled: readonly Scheduled[]): Scheduled[] {
  const wantedKinds = SEGMENT_KINDS.filter((kind) => scheduled.some(({ variant }) => variant === kind))
  const lacking = wantedKinds.filter((kind) => !kernelHas(kind))
  for (const kind of lacking)
    process.stderr.write(`slipway: without ${kind} in the part segments: this kernel has no links of that kind\n`)
  const lacksDnsmasq = scheduled.some(({ variant }) => variant === 'dnsmasq') && !isDnsmasqHere()
  if (lacksDnsmasq) process.stderr.write('slipway: without dnsmasq in the part names: it is not installed\n')
  return scheduled.filter(
    ({ variant }) => !lacking.some((kind) => kind === variant) && !(lacksDnsmasq && variant === 'dnsmasq'),
  )
}

function describePart(measure: Measure): string {
  const { text, byDefault } = PARTS[measure]
  return `  ${byDefault ? '*' : ' '} ${measure.padEnd(11)} ${text}`
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number is meant.')
  return Number(text)
}

function wholeNumbers(text: string): number[] {
  return text.split(',').map(wholeNumber)
}

function readParts(text: string): Measure[] {
  return text === 'all' ? [...MEASURES] : subsetOf(MEASURES)(text)
}

function subsetOf<T extends string>(known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((name) => {
      const found = known.find((one) => one === name)
      if (found === undefined) throw new InvalidArgumentError(`Known are ${known.join(', ')}.`)
      return found
    })
}
