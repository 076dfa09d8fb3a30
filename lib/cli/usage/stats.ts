import type { Command } from 'commander'
import type { StatsFlags } from '../stats.js'
import { givenHost } from './host-flags.js'
import { listFormat } from './values.js'

const AFTER = `
Without NAME, of all sandboxes. Of one, it prints each interface and each port. On a
terminal it prints again every second, until Ctrl-C.

Bytes and packets are as the sandbox sees them: RX, and what stands before the /, is
what it has received. The kernel counts them all the time.

Examples:
  slipway stats
  slipway stats --no-stream --format '{{.Name}} {{.NetIO}}'
  slipway stats app --json | jq '.ports[].connections'`

/** `slipway stats`. */
export function addStats(program: Command): void {
  program
    .command('stats')
    .usage('[OPTIONS] [NAME...]')
    .description('print what went through the interfaces of sandboxes, and how often their ports were used')
    .argument('[name...]', 'name, id, or the beginning of an id')
    .option('-a, --all', 'of all sandboxes, which it does anyway without NAME')
    .option('--no-stream', 'print once')
    .option('--no-trunc', 'print ids in full length')
    .addOption(listFormat('.ID .Name .NetIO .Packets .Dropped .Connections'))
    .option('--json', 'once, as JSON')
    .addHelpText('after', AFTER)
    .action(async (names: string[], flags: StatsFlags) =>
      (await import('../actions.js')).stats(givenHost(program), names, flags),
    )
}
