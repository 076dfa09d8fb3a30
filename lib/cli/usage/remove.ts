import type { Command } from 'commander'
import type { PruneFlags } from '../network/prune.js'
import type { RemoveFlags } from '../several.js'
import { givenHost } from './host-flags.js'
import { filterOption } from './values.js'

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

const PRUNE = `
Asks first, unless --force is given. Nobody uses a sandbox when the process that made
it has ended, no process and no socket is inside, and no other sandbox shares its
network. So one that waits for its first 'slipway exec' is removed, too.

Examples:
  slipway prune
  slipway prune --force --filter label=job=7 --filter until=24h`

/** `slipway prune`. */
export function addPrune(program: Command): void {
  program
    .command('prune')
    .usage('[OPTIONS]')
    .description('remove all sandboxes that nobody uses')
    .addOption(
      filterOption(
        '--filter',
        'until=24h or until=2026-01-31T12:00:00Z (created before), label=KEY[=VALUE], label!=KEY[=VALUE]',
      ),
    )
    .option('-f, --force', 'do not ask first')
    .option('--json', 'print the names of those removed, as JSON')
    .addHelpText('after', PRUNE)
    .action(async (flags: PruneFlags) => (await import('../actions.js')).prune(givenHost(program), flags))
}
