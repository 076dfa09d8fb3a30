import type { Command } from 'commander'
import { FILES_HELP } from './files-help.js'
import { addProcessFlags, type ProcessFlags } from './process-flags.js'
import { givenHost } from './host-flags.js'

const AFTER = `
${FILES_HELP}
slipway exec passes signals on to COMMAND, and ends with its exit status (128 +
number when a signal ended it, 126 when it cannot be executed, 127 when there is no
such program). While COMMAND runs, the names of other sandboxes are answered.

Examples:
  slipway exec -it app bash
  slipway exec -u nobody -w /tmp -e LANG=C app -- id
  slipway exec app -- ip address
  slipway exec app -- curl -s http://172.17.0.1:8080/`

/** `slipway exec`: a command in a sandbox that is there. */
export function addExec(program: Command): void {
  addProcessFlags(program.command('exec'))
    .usage('[OPTIONS] NAME -- COMMAND...')
    .description('run a command in a sandbox')
    .argument('<name>', 'name, id, or the beginning of an id')
    .argument('<command...>', 'the program and its arguments')
    .passThroughOptions()
    .addHelpText('after', AFTER)
    .action(async (name: string, words: string[], flags: ProcessFlags, self: Command) => {
      // Commander takes the -- away only where no argument stands before it.
      const command = words[0] === '--' ? words.slice(1) : words
      if (command.length === 0) self.error("error: missing required argument 'command'")
      await (await import('../actions.js')).exec(givenHost(program), name, command, flags)
    })
}
