import type { Command } from 'commander'
import type { InspectFlags } from '../inspect.js'
import { inspectFormat } from './values.js'
import { givenHost } from './host-flags.js'

const AFTER = `
Prints JSON with the keys of 'docker inspect': networks with addresses and aliases,
ports, the options of names (hostname, dns, ...), and the paths of the files, if
'slipway files' has written them.

Examples:
  slipway inspect app
  slipway inspect --format '{{.NetworkSettings.Networks.bridge.IPAddress}}' app
  slipway inspect -f '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' app
  slipway inspect app | jq -r '.[0].NetworkSettings.Networks.bridge.IPAddress'`

/** `slipway inspect`. */
export function addInspect(program: Command): void {
  program
    .command('inspect')
    .usage('[OPTIONS] NAME...')
    .description('print everything about sandboxes, as JSON')
    .argument('<name...>', 'name, id, or the beginning of an id')
    .addOption(inspectFormat())
    .option('--json', 'JSON, which it prints anyway')
    .addHelpText('after', AFTER)
    .action(async (names: string[], flags: InspectFlags) =>
      (await import('../actions.js')).inspect(givenHost(program), names, flags),
    )
}
