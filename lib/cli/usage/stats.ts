import type { Command } from 'commander'
import { givenHost } from './host-flags.js'

const AFTER = `
Bytes and packets are as the sandbox sees them: RX is what it has received. The
kernel counts them all the time.

Examples:
  slipway stats app
  slipway stats app --json | jq '.ports[].connections'`

/** `slipway stats`. */
export function addStats(program: Command): void {
  program
    .command('stats')
    .usage('NAME')
    .description('print what went through the interfaces of a sandbox, and how often its ports were used')
    .argument('<name>', 'name, id, or the beginning of an id')
    .option('--json', 'as JSON')
    .addHelpText('after', AFTER)
    .action(async (name: string, flags: { json?: true }) =>
      (await import('../actions.js')).stats(givenHost(program), name, flags),
    )
}
