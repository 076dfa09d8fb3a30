import type { Command } from 'commander'
import { describe } from './describe.js'
import { print, printJson } from './output.js'
import { addSandboxOptions, sandboxOptions } from './sandbox-options.js'
import { withSlipway } from './with-slipway.js'

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
    .action(async ({ json, ...flags }: { json?: true }) => {
      const { options } = sandboxOptions(program, flags)
      const sandbox = await withSlipway(program, (slipway) => slipway.sandboxes.create(options))
      if (json) printJson([describe(sandbox)])
      else print(sandbox.name)
    })
}
