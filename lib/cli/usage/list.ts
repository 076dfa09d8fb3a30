import type { Command } from 'commander'
import type { ListFlags } from '../list.js'
import { filterOption, listFormat } from './values.js'
import { givenHost } from './host-flags.js'

const AFTER = `
Also typed: slipway ps, slipway list.

Examples:
  slipway ls --filter network=web --filter label=job=7
  slipway ls --format 'table {{.Name}}\\t{{.Address}}'
  slipway ls --format '{{.Name}} {{.Label "job"}}'`

/** `slipway ls`. */
export function addList(program: Command): void {
  program
    .command('ls')
    .aliases(['ps', 'list'])
    .usage('[OPTIONS]')
    .description('list the sandboxes of this host, of all processes')
    .option('-a, --all', 'all of them, which it lists anyway')
    .addOption(
      filterOption('-f, --filter', 'id=, name= (a part of it), network=, label=KEY[=VALUE], ephemeral=true or false'),
    )
    .addOption(
      listFormat('.ID .Name .Network .Address .Ports .CreatedAt .RunningFor .Status .Path .Labels .Label "KEY"'),
    )
    .option('-q, --quiet', 'print ids only')
    .option('--no-trunc', 'print ids in full length')
    .option('--json', 'print what inspect prints, for each')
    .addHelpText('after', AFTER)
    .action(async (flags: ListFlags) => (await import('../actions.js')).list(givenHost(program), flags))
}
