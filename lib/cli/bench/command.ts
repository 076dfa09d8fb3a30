import { constants, cpus, release } from 'node:os'
import { SingleBar } from 'cli-progress'
import { InvalidArgumentError, type Command } from 'commander'
import { wholeNumber } from '../arguments.js'
import { say, UsageError } from '../failures.js'
import { hostOptions } from '../host-options.js'
import { print, printJson } from '../output.js'
import { PARTS, STEPS, type Measured } from './messages.js'
import { measureOnOwnHost, NotMeasured } from './own-host.js'
import { percentile } from './percentile.js'
import { duration, histograms } from './picture.js'

const DEFAULT_COUNT = 100
// Two lots of them, one that is there and one that the kernel still takes down, fit on a bridge (1,023 ports).
const MOST = 500
/** Where output goes to no terminal, or to one that does not know. */
const COLUMNS = 80
const WIDEST = 120

const AFTER = `
It works on a host of its own: a network and a mount namespace that end with it. It
neither touches nor measures the sandboxes of this machine, and leaves nothing.

  create      until a sandbox with one published port is up, one after another
  from pool   the same, with sandboxes that were prepared in advance
  publish     one more port
  first byte  from connecting to a published port until a server inside answers
  remove      until the sandbox cannot be reached; the kernel's part takes longer

The picture shows how often each time was measured. Other work on the machine makes
times longer: compare two runs only on a quiet machine. 'npm run bench' in Slipway's
sources compares Slipway with other programs.

Examples:
  slipway bench
  slipway bench --json | jq .percentiles.create.p99`

/** `slipway bench`: how fast is it here? */
export function addBench(program: Command): void {
  program
    .command('bench')
    .usage('[OPTIONS]')
    .description('measure how fast sandboxes come and go, on a host of its own')
    .option('--count <n>', `how many (1 to ${MOST})`, countOf, DEFAULT_COUNT)
    .option('--json', 'print every measured time, as JSON')
    .addHelpText('after', AFTER)
    .action(async ({ count, json }: { count: number; json?: true }) => {
      if (Object.values(hostOptions(program).options).some((value) => value !== undefined)) {
        throw new UsageError(
          'bench makes a host of its own: options of the host (before the command) have no meaning for it. Leave them out.',
        )
      }
      const measured = await withBar(count)
      if (measured) (json ? printSamples : printPicture)(measured)
    })
}

/** `undefined` when it was stopped or went wrong, which is said then, and is our exit status. */
async function withBar(count: number): Promise<Measured | undefined> {
  const bar = new SingleBar({
    format: '{bar} {doing}',
    stream: process.stderr,
    clearOnComplete: true,
    gracefulExit: false,
  })
  bar.start(PARTS.length, 0, { doing: 'starting' })
  try {
    return await measureOnOwnHost(count, (doing, done) => bar.update(PARTS.indexOf(doing) + done / count, { doing }))
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error
    bar.stop()
    if (error.said !== '') process.stderr.write(error.said)
    else if (!error.signal) say('bench: the process that measures was killed')
    process.exitCode = error.signal ? 128 + constants.signals[error.signal] : 1
    return undefined
  } finally {
    bar.stop()
  }
}

function printPicture({ samples, burst: { endpoints, microseconds } }: Measured): void {
  const width = Math.min(process.stdout.columns || COLUMNS, WIDEST)
  print(`${endpoints} sandboxes with a published port each · ${machine()}\n`)
  print(histograms(Object.fromEntries(STEPS.map((step) => [step, samples[step]])), width).join('\n'))
  print(
    `\n${endpoints} at once: ${duration(microseconds)}, ${Math.round((endpoints * 1e6) / microseconds).toLocaleString('en-US')} a second`,
  )
}

function printSamples({ samples, burst }: Measured): void {
  const percentiles = Object.fromEntries(
    STEPS.map((step) => [
      step,
      Object.fromEntries([50, 90, 99].map((percent) => [`p${percent}`, percentile(samples[step], percent)])),
    ]),
  )
  printJson({ unit: 'µs', machine: machine(), percentiles, burst, samples })
}

const machine = (): string =>
  `Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, Node.js ${process.version}`

function countOf(text: string): number {
  const count = wholeNumber(text)
  if (count < 1 || count > MOST) throw new InvalidArgumentError(`A number from 1 to ${MOST} is meant.`)
  return count
}
