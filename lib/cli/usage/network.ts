import type { Command } from 'commander'
import { addNetworkConnect, addNetworkDisconnect } from './connect.js'
import type { NetworkFlags } from '../network/create.js'
import type { InspectFlags } from '../inspect.js'
import type { ListFlags } from '../network/list.js'
import type { PruneFlags } from '../network/prune.js'
import type { RemoveFlags } from '../several.js'
import { addNetworkOptions } from './network-flags.js'
import { filterOption, inspectFormat, listFormat } from './values.js'
import { givenHost } from './host-flags.js'

interface Json {
  json?: true
}

const AFTER = `
Sandboxes of one network reach each other, also by name. Sandboxes of two networks
do not reach each other. A sandbox may be on several networks. The networks bridge,
host and none always exist.

Examples:
  slipway network create web
  slipway run --network web --name db -- postgres        db is its name there
  slipway network connect web app                        app exists already
  slipway network ls`

/** `slipway network`: networks that people create, beside those that are always there. */
export function addNetwork(program: Command): void {
  const network = program
    .command('network')
    .usage('COMMAND')
    .description('create networks, connect sandboxes to them, list and remove them')
    .addHelpText('after', AFTER)
  addCreate(program, network)
  addList(program, network)
  addInspect(program, network)
  addRemove(program, network)
  addPrune(program, network)
  addNetworkConnect(program, network)
  addNetworkDisconnect(program, network)
}

/** `slipway network create`. */
function addCreate(program: Command, network: Command): void {
  addNetworkOptions(network.command('create'))
    .description('create a network (a bridge with addresses, apart from all other networks) and print its id')
    .option('--json', 'print what was made, as inspect does')
    .action(async (name: string, flags: NetworkFlags & Json) =>
      (await import('../actions.js')).createNetwork(givenHost(program), name, flags),
    )
}

const LIST = `
Examples:
  slipway network ls --filter type=custom --filter label=team=blue
  slipway network ls -q --filter dangling=true       ids of networks without sandboxes
  slipway network ls --format '{{.Name}}: {{.Driver}}'`

/** `slipway network ls`: as `docker network ls` does. */
function addList(program: Command, network: Command): void {
  network
    .command('ls')
    .alias('list')
    .usage('[OPTIONS]')
    .description('list the networks of this host')
    .addOption(
      filterOption(
        '-f, --filter',
        'driver=, id=, name= (a part of it), label=KEY[=VALUE], type=custom or builtin, dangling=true or false',
      ),
    )
    .addOption(listFormat('.ID .Name .Driver .Scope .IPv4 .IPv6 .Internal .CreatedAt .Labels .Label "KEY"'))
    .option('-q, --quiet', 'print ids only')
    .option('--no-trunc', 'print ids in full length')
    .option('--json', 'print what inspect prints, for each')
    .addHelpText('after', LIST)
    .action(async (flags: ListFlags) => (await import('../actions.js')).listNetworks(givenHost(program), flags))
}

const INSPECT = `
Examples:
  slipway network inspect --format '{{range .IPAM.Config}}{{.Subnet}} {{end}}' web
  slipway network inspect web | jq -r '.[0].IPAM.Config[].Subnet'`

/** `slipway network inspect`. */
function addInspect(program: Command, network: Command): void {
  network
    .command('inspect')
    .usage('[OPTIONS] NAME...')
    .description("all about networks and who is on them: docker's JSON array")
    .argument('<name...>', 'name, id, or the beginning of an id')
    .addOption(inspectFormat())
    .option('-v, --verbose', 'all of it, which it prints anyway')
    .option('--json', 'JSON, which it prints anyway')
    .addHelpText('after', INSPECT)
    .action(async (names: string[], flags: InspectFlags) =>
      (await import('../actions.js')).inspectNetworks(givenHost(program), names, flags),
    )
}

const REMOVE = `
A network with sandboxes is not removed: disconnect or remove the sandboxes first.
Of several NAMEs, those that can be removed are removed, and the others are reported.

Example:
  slipway network rm web back`

/** `slipway network rm`. */
function addRemove(program: Command, network: Command): void {
  network
    .command('rm')
    .alias('remove')
    .usage('[OPTIONS] NAME...')
    .description('remove networks that no sandbox is on')
    .argument('<name...>', 'name, id, or the beginning of an id')
    .option('-f, --force', 'no error where there is no such network')
    .option('--json', 'print the names of those removed, as JSON')
    .addHelpText('after', REMOVE)
    .action(async (names: string[], flags: RemoveFlags) =>
      (await import('../actions.js')).removeNetworks(givenHost(program), names, flags),
    )
}

const PRUNE = `
Asks first, unless --force is given. bridge, host and none stay.

Examples:
  slipway network prune
  slipway network prune --force --filter until=24h --filter label!=keep`

/** `slipway network prune`. */
function addPrune(program: Command, network: Command): void {
  network
    .command('prune')
    .usage('[OPTIONS]')
    .description('remove all networks that no sandbox is on')
    .addOption(
      filterOption(
        '--filter',
        'until=24h or until=2026-01-31T12:00:00Z (created before), label=KEY[=VALUE], label!=KEY[=VALUE]',
      ),
    )
    .option('-f, --force', 'do not ask first')
    .option('--json', 'print the names of those removed, as JSON')
    .addHelpText('after', PRUNE)
    .action(async (flags: PruneFlags) => (await import('../actions.js')).pruneNetworks(givenHost(program), flags))
}
