import type { Command } from 'commander'
import { FILES_HELP } from './files-help.js'
import type { RunFlags } from '../run.js'
import { addProcessFlags } from './process-flags.js'
import { addSandboxOptions } from './sandbox-flags.js'
import { givenHost } from './host-flags.js'

const AFTER = `
${FILES_HELP}
slipway run passes signals on to COMMAND, ends with its exit status (128 + number
when a signal ended it, 126 when it cannot be executed, 127 when there is no such
program), and removes the sandbox.

With -d it prints the name of the sandbox and ends, and COMMAND goes on in the
background. The sandbox goes when COMMAND ends; 'slipway rm' ends COMMAND (SIGTERM,
and SIGKILL ten seconds later). Its output goes nowhere, unless it sends it somewhere:
sh -c 'exec COMMAND >FILE 2>&1'.

On a network that you have created, slipway run answers the names of its sandboxes
while COMMAND runs.

Examples:
  slipway run --rm -it bash
  slipway run -d --name web -p 8080:80 -- python3 -m http.server 80
  slipway run -p 8080:80 -- python3 -m http.server 80
  slipway run --network none -- make test          tests that must not reach the network
  slipway run --network web -- curl http://db/     db is another sandbox on web
  slipway run --name app -- bash                   'slipway exec app' joins it from elsewhere`

/** `slipway run`: a sandbox for as long as one command. */
export function addRun(program: Command): void {
  addProcessFlags(addSandboxOptions(program.command('run')))
    .usage('[OPTIONS] -- COMMAND...')
    .description('run a command in a new sandbox, and remove the sandbox afterwards')
    .argument('<command...>', 'the program and its arguments')
    .passThroughOptions()
    .optionsGroup('Options:')
    .option('--rm', 'remove the sandbox afterwards, which it does anyway')
    .addHelpText('after', AFTER)
    .action(async (command: string[], flags: RunFlags) =>
      (await import('../actions.js')).run(givenHost(program), command, flags),
    )
}
