import type { Command } from 'commander'
import type { ConnectFlags, DisconnectFlags } from '../connect.js'
import { addEndpointOptions } from './sandbox-flags.js'
import { givenHost } from './host-flags.js'

/**
 * Connecting and disconnecting, in two places: `slipway connect SANDBOX NETWORK` among the commands that begin with a
 * sandbox, and `slipway network connect NETWORK SANDBOX`, as docker has it.
 */

const ARGUMENTS = {
  sandbox: ['<sandbox>', 'name of the sandbox, its id, or the beginning of the id'],
  network: ['<network>', 'name of the network, its id, or the beginning of the id'],
} as const

const CONNECT = `
The sandbox gets one more interface while it runs. Its default route and its
published ports use the network with the highest --gw-priority; among equals, the
one whose name comes first.

Examples:`

const DISCONNECT = `
The sandbox loses its interface on that network while it runs, and keeps its other
networks.

Example:`

/** `slipway connect`. */
export function addConnect(program: Command): void {
  const command = program
    .command('connect')
    .usage('[OPTIONS] SANDBOX NETWORK')
    .argument(...ARGUMENTS.sandbox)
    .argument(...ARGUMENTS.network)
  describeConnect(command, '  slipway connect app web\n  slipway connect app web --alias api --ip 172.20.0.9').action(
    (sandbox: string, network: string, flags: ConnectFlags) => connect(program, network, sandbox, flags),
  )
}

/** `slipway network connect`. */
export function addNetworkConnect(program: Command, parent: Command): void {
  const command = parent
    .command('connect')
    .usage('[OPTIONS] NETWORK SANDBOX')
    .argument(...ARGUMENTS.network)
    .argument(...ARGUMENTS.sandbox)
  describeConnect(
    command,
    '  slipway network connect web app\n  slipway network connect --alias api --ip 172.20.0.9 web app',
  ).action((network: string, sandbox: string, flags: ConnectFlags) => connect(program, network, sandbox, flags))
}

/** `slipway disconnect`. */
export function addDisconnect(program: Command): void {
  const command = program
    .command('disconnect')
    .usage('[OPTIONS] SANDBOX NETWORK')
    .argument(...ARGUMENTS.sandbox)
    .argument(...ARGUMENTS.network)
  describeDisconnect(command, '  slipway disconnect app web').action(
    (sandbox: string, network: string, flags: DisconnectFlags) => disconnect(program, network, sandbox, flags),
  )
}

/** `slipway network disconnect`. */
export function addNetworkDisconnect(program: Command, parent: Command): void {
  const command = parent
    .command('disconnect')
    .usage('[OPTIONS] NETWORK SANDBOX')
    .argument(...ARGUMENTS.network)
    .argument(...ARGUMENTS.sandbox)
  describeDisconnect(command, '  slipway network disconnect web app').action(
    (network: string, sandbox: string, flags: DisconnectFlags) => disconnect(program, network, sandbox, flags),
  )
}

const connect = async (program: Command, network: string, sandbox: string, flags: ConnectFlags): Promise<void> =>
  (await import('../actions.js')).connect(givenHost(program), network, sandbox, flags)

const disconnect = async (program: Command, network: string, sandbox: string, flags: DisconnectFlags): Promise<void> =>
  (await import('../actions.js')).disconnect(givenHost(program), network, sandbox, flags)

const describeConnect = (command: Command, examples: string): Command =>
  addEndpointOptions(command.description('join a sandbox to one more network'))
    .option('--json', 'print the new endpoint as JSON')
    .addHelpText('after', `${CONNECT}\n${examples}`)

const describeDisconnect = (command: Command, example: string): Command =>
  command
    .description('take a sandbox off a network')
    .option('-f, --force', 'no error if the sandbox is not on the network')
    .option('--json', 'print the endpoints that it still has, as JSON')
    .addHelpText('after', `${DISCONNECT}\n${example}`)
