import type { Command } from 'commander'
import { addSandboxOptions, type SandboxFlags } from './sandbox-flags.js'
import { givenHost } from './host-flags.js'

const AFTER = `
Prints the name. The sandbox stays until 'slipway rm'. Give /run/netns/NAME to a
container runtime, or run commands in the sandbox with 'slipway exec'.

Examples:
  slipway create --name app -p 8080:80 -p 53:53/udp
  slipway create --name app -p 127.0.0.1::80     'slipway port app' prints which port
  slipway create --name app --ip 172.17.0.10
  name=$(slipway create --network none)`

/** `slipway create`: a sandbox that stays. */
export function addCreate(program: Command): void {
  addSandboxOptions(program.command('create'))
    .usage('[OPTIONS]')
    .description('make a sandbox that stays')
    .option('--json', 'print what was made, as inspect does')
    .addHelpText('after', AFTER)
    .action(async (flags: SandboxFlags & { json?: true }) =>
      (await import('../actions.js')).create(givenHost(program), flags),
    )
}
