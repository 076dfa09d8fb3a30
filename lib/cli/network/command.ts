import type { Command } from 'commander'
import { addNetworkConnect, addNetworkDisconnect } from '../connect.js'
import { addNetworkCreate } from './create.js'
import { addNetworkInspect } from './inspect.js'
import { addNetworkList } from './list.js'
import { addNetworkPrune } from './prune.js'
import { addNetworkRemove } from './remove.js'

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
  addNetworkCreate(program, network)
  addNetworkList(program, network)
  addNetworkInspect(program, network)
  addNetworkRemove(program, network)
  addNetworkPrune(program, network)
  addNetworkConnect(program, network)
  addNetworkDisconnect(program, network)
}
