import type { Command } from 'commander'
import { SlipwayError } from '../base/errors.js'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { SignalRelay } from './child.js'
import { FILES_HELP, ownFiles } from './own-files.js'
import { addSandboxOptions, sandboxOptions } from './sandbox-options.js'
import { withSlipway } from './with-slipway.js'

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
    .action(async (command: string[], flags: object) => {
      const { options } = sandboxOptions(program, flags)
      const relay = new SignalRelay()
      process.exitCode = await withSlipway(
        program,
        async (slipway) => {
          const sandbox = await slipway.sandboxes.create(options)
          try {
            const files = await ownFiles(sandbox)
            return relay.interrupted ?? (await relay.run(sandbox, command, files))
          } finally {
            await removeUnlessGone(sandbox)
          }
        },
        { stays: true, wait: true },
      )
    })
}

async function removeUnlessGone(sandbox: Sandbox): Promise<void> {
  try {
    await sandbox.remove()
  } catch (error) {
    if (!(error instanceof SlipwayError && error.code === 'NOT_FOUND')) throw error
  }
}
