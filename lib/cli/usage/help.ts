import type { Command } from 'commander'
import { print, printJson } from '../output.js'
import { allCommands, pathOf } from './command.js'

/** `slipway help`: the same as --help. */
export function addHelp(program: Command): void {
  program
    .command('help')
    .usage('[COMMAND]')
    .description('explain a command, as COMMAND --help does')
    .argument('[command...]', 'a command, as in: network create')
    .action((words: string[]) => {
      let command = program
      for (const word of words) {
        const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word))
        if (!next) {
          const near = allCommands(program).find((one) => one.name() === word)
          command.error(`error: unknown command '${word}'${near ? `. Did you mean ${pathOf(near)}?` : ''}`, {
            code: 'commander.unknownCommand',
          })
        }
        command = next as Command
      }
      command.outputHelp()
    })
}

/** `slipway version`. */
export function addVersion(program: Command): void {
  program
    .command('version')
    .usage('[OPTIONS]')
    .description('print the version')
    .option('--json', 'with those of Node.js and Linux, as JSON')
    .action(({ json }: { json?: true }) => {
      const version = program.version() ?? ''
      const { release } = process.getBuiltinModule('node:os')
      if (json) printJson({ slipway: version, node: process.version, linux: release() })
      else print(version)
    })
}
