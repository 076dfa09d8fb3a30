import type { Command } from 'commander'
import type { NetworkFlags } from '../network/create.js'
import { addNetworkOptions } from './network-flags.js'
import { addSandboxOptions, type SandboxFlags } from './sandbox-flags.js'
import { givenHost } from './host-flags.js'

const AFTER = `
What is printed can be run by sh, and builds what slipway builds.

Examples:
  slipway explain create --name app -p 8080:80
  slipway explain network create --internal back
  slipway explain run -p 8080:80 -- python3 -m http.server 80`

interface Json {
  json?: true
}

/** `slipway explain`: the commands it would have taken, on this host as it is now. */
export function addExplain(program: Command): void {
  const explain = program
    .command('explain')
    .usage('run|create|network create ...')
    .description('print the ip, nft and sysctl commands that would do the same, and run nothing')
    .addHelpText('after', AFTER)

  addSandboxOptions(explain.command('create'))
    .usage('[OPTIONS]')
    .description('what slipway create with these options would do')
    .option('--json', 'the plan as data')
    .action(async (flags: SandboxFlags & Json) =>
      (await import('../explain.js')).explainCreate(givenHost(program), flags),
    )

  addSandboxOptions(explain.command('run'))
    .usage('[OPTIONS] [-- COMMAND...]')
    .description('what slipway run with these options would do')
    .argument('[command...]', 'the program and its arguments')
    .option('--json', 'the plan as data, up to the start of the command')
    .passThroughOptions()
    .action(async (command: string[], flags: SandboxFlags & Json) =>
      (await import('../explain.js')).explainRun(givenHost(program), command, flags),
    )

  const network = explain.command('network').usage('create ...').description('what slipway network create would do')
  addNetworkOptions(network.command('create'))
    .description('what slipway network create with these options would do')
    .option('--json', 'the plan as data')
    .action(async (name: string, flags: NetworkFlags & Json) =>
      (await import('../explain.js')).explainNetwork(givenHost(program), name, flags),
    )
}
