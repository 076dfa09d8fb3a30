import type { Command } from 'commander'
import type { ListFlags } from '../list.js'
import { givenHost } from './host-flags.js'

/** `slipway ls`. */
export function addList(program: Command): void {
  program
    .command('ls')
    .usage('[OPTIONS]')
    .description('list the sandboxes of this host, of all processes')
    .option('-q, --quiet', 'print ids only')
    .option('--no-trunc', 'print ids in full length')
    .option('--json', 'print what inspect prints, for each')
    .action(async (flags: ListFlags) => (await import('../actions.js')).list(givenHost(program), flags))
}
