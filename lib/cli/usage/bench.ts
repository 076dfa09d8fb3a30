import { InvalidArgumentError, type Command } from 'commander'
import type { BenchFlags } from '../bench/command.js'
import { wholeNumber } from './values.js'
import { givenHost } from './host-flags.js'

const DEFAULT_COUNT = 100
// Two lots of them, one that is there and one that the kernel still takes down, fit on a bridge (1,023 ports).
const MOST = 500

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
    .action(async (flags: BenchFlags) => (await import('../bench/command.js')).bench(givenHost(program), flags))
}

function countOf(text: string): number {
  const count = wholeNumber(text)
  if (count < 1 || count > MOST) throw new InvalidArgumentError(`A number from 1 to ${MOST} is meant.`)
  return count
}
