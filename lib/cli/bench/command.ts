import { constants, cpus, release } from 'node:os'
import { SingleBar } from 'cli-progress'
import { say, UsageError } from '../failures.js'
import { hostOptions } from '../host-options.js'
import { print, printJson } from '../output.js'
import { PARTS, STEPS, type Measured } from './messages.js'
import { measureOnOwnHost, NotMeasured } from './own-host.js'
import { percentile } from './percentile.js'
import { duration, histograms } from './picture.js'
import type { GivenHost } from '../usage/host-flags.js'

/** Where output goes to no terminal, or to one that does not know. */
const COLUMNS = 80
const WIDEST = 120

export interface BenchFlags {
  count: number
  json?: true
}

/** `slipway bench`: how fast is it here? */
export async function bench(host: GivenHost, { count, json }: BenchFlags): Promise<void> {
  if (Object.values(hostOptions(host).options).some((value) => value !== undefined)) {
    throw new UsageError(
      'bench makes a host of its own: options of the host (before the command) have no meaning for it. Leave them out.',
    )
  }
  const measured = await withBar(count)
  if (measured) (json ? printSamples : printPicture)(measured)
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
