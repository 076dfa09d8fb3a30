import { Command, type ErrorOptions } from 'commander'
import { bold, coloured } from '../colour.js'
import { complain, output } from '../output.js'
import { insteadOfCommand, insteadOfFlag } from './docker-words.js'
import { isHostFlag } from './host-flags.js'

/** A command of commander that says in one sentence what is wrong with a command line, and what would be right. */
export class SlipwayCommand extends Command {
  override createCommand(name?: string): SlipwayCommand {
    return new SlipwayCommand(name)
  }

  override error(message: string, options?: ErrorOptions): never {
    return super.error(this.#complaint(message, options?.code), options)
  }

  #complaint(message: string, code: string | undefined): string {
    // Commander has its guess on a line of its own, in parentheses.
    const said = message.replace(/^error: /, '').replace(/\n\((Did you mean .*\?)\)$/s, '. $1')
    const [, word = ''] = /^unknown (?:option|command) '([^']*)'/.exec(said) ?? []
    if (code === 'commander.unknownOption') return this.#unknownOption(word.replace(/=.*/s, ''), said)
    if (code === 'commander.unknownCommand') {
      const instead = insteadOfCommand(word)
      return this.parent === null && instead !== undefined ? `there is no command '${word}': ${instead}.` : said
    }
    if (code === 'commander.excessArguments') return this.#tooMany(said)
    if (code === 'commander.invalidArgument')
      return said.replace(
        /^command-argument value ('.*') is invalid for argument '(.*)'\. Allowed choices are /s,
        '$1 is no $2 that is meant here. There are ',
      )
    return said
  }

  #unknownOption(flag: string, said: string): string {
    const instead = insteadOfFlag(pathOf(this).replace(/^\S+ ?/, ''), flag)
    if (instead !== undefined) return `${flag} has no meaning here: ${instead}. Leave ${flag} out.`
    return isHostFlag(flag) ? `unknown option '${flag}'. It stands before the command: slipway ${flag} … COMMAND` : said
  }

  #tooMany(said: string): string {
    const [surplus = ''] = this.args.slice(this.registeredArguments.length)
    if (this.name() === 'create' && this.registeredArguments.length === 0)
      return `too many arguments: the name of a sandbox stands behind a flag, as in --name ${surplus}.`
    if (this.name() === 'ls') return `too many arguments: 'slipway inspect ${surplus}' prints one.`
    return said
  }
}

export const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()

export const allCommands = (parent: Command): Command[] =>
  parent.commands.flatMap((command: Command): Command[] => [command, ...allCommands(command)])

/** How help and errors look, of the program and all its commands. */
export function configure(program: Command): void {
  program
    .configureHelp({
      showGlobalOptions: false,
      commandUsage: (command) => `${pathOf(command)} ${command.usage()}`,
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`.trim(),
      styleTitle: bold,
    })
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: complain,
      outputError: (text, write) => write(`${coloured('stderr', 'red', 'slipway:')} ${text}`),
    })
}
