import type { Command } from 'commander'
import { FILES_HELP } from './files-help.js'
import { addSandboxOptions, type SandboxFlags } from './sandbox-flags.js'
import { givenHost } from './host-flags.js'

const AFTER = `
${FILES_HELP}
slipway run passes signals on to COMMAND, ends with its exit status (128 + number
when a signal ended it, 127 when there is no such program), and removes the sandbox.

On a network that you have created, slipway run answers the names of its sandboxes
while COMMAND runs.

Examples:
  slipway run -p 8080:80 -- python3 -m http.server 80
  slipway run --network none -- make test          tests that must not reach the network
  slipway run --network web -- curl http://db/     db is another sandbox on web
  slipway run --name app -- bash                   'slipway exec app' joins it from elsewhere`

/** `slipway run`: a sandbox for as long as one command. */
export function addRun(program: Command): void {
  addSandboxOptions(program.command('run'))
    .usage('[OPTIONS] -- COMMAND...')
    .description('run a command in a new sandbox, and remove the sandbox afterwards')
    .argument('<command...>', 'the program and its arguments')
    .passThroughOptions()
    .addHelpText('after', AFTER)
    .action(async (command: string[], flags: SandboxFlags) =>
      (await import('../actions.js')).run(givenHost(program), command, flags),
    )
}
