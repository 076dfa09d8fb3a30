import type { Command } from 'commander'
import type { EventsFlags } from '../events.js'
import { givenHost } from './host-flags.js'
import { filterOption, listFormat } from './values.js'

const AFTER = `
It prints what happens from now on, whichever process does it, until Ctrl-C: a line each,
with the time in UTC.

TYPE is sandbox, endpoint, port, network, host or pool; ACTION is created, changed,
removed, healed (given back), lost (it could not be), damaged (a record), warning or skipped.
--filter sandbox= takes events of its endpoints and ports, too, network= those of
sandboxes made on it, of endpoints on it and of its pool.

Examples:
  slipway events --filter type=sandbox
  slipway events --filter network=web --format '{{.Action}} {{.Name}} {{.Attribute "ipv4"}}'
  slipway events --json | jq 'select(.action == "created")'`

/** `slipway events`. */
export function addEvents(program: Command): void {
  program
    .command('events')
    .usage('[OPTIONS]')
    .description('print what happens to sandboxes and networks, as it happens')
    .addOption(filterOption('-f, --filter', 'type=, action= (or event=), sandbox=, network=, label=KEY[=VALUE]'))
    .addOption(listFormat('.Time .Type .Action .ID .Name .Message .Attribute "KEY"'))
    .option('--no-trunc', 'print ids in full length')
    .option('--json', 'a line of JSON each')
    .addHelpText('after', AFTER)
    .action(async (flags: EventsFlags) => (await import('../actions.js')).events(givenHost(program), flags))
}
