import type { Command } from 'commander'
import type { RemoveFlags } from '../several.js'
import { givenHost } from './host-flags.js'

const AFTER = `
Processes inside go on, without network. Of several NAMEs, those that can be removed
are removed, and the others are reported.

Examples:
  slipway rm app
  slipway ls -q | xargs -r slipway rm     all of them`

/** `slipway rm`. */
export function addRemove(program: Command): void {
  program
    .command('rm')
    .alias('remove')
    .usage('[OPTIONS] NAME...')
    .description('take sandboxes off the network, and free their names, addresses and ports')
    .argument('<name...>', 'name, id, or the beginning of an id')
    .option('-f, --force', 'no error where there is no such sandbox')
    .option('--json', 'print the names of those removed, as JSON')
    .addHelpText('after', AFTER)
    .action(async (names: string[], flags: RemoveFlags) =>
      (await import('../actions.js')).remove(givenHost(program), names, flags),
    )
}
