import type { Command } from 'commander'
import { makeProgram } from '../program.js'
import { allCommands, pathOf } from '../usage/command.js'

/** The page of the manual, from the same definitions as --help. */

/** Signs that roff sets as others, and how it leaves them as they are typed. */
const SIGNS: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
}

/** Text that is no request, also at the beginning of a line. */
const plain = (text: string): string =>
  text.replace(/[\\'`^~-]/g, (sign) => SIGNS[sign] ?? sign).replace(/^\./gm, '\\&.')

/** What stands after the options in the help of a command. */
function after(command: Command): string {
  let printed = ''
  command.configureOutput({ writeOut: (text) => (printed += text), getOutHasColors: () => false }).outputHelp()
  return printed.slice(command.helpInformation().length).trim()
}

/** Its paragraphs; those that are laid out by hand stay so. */
const preformatted = (text: string): string => (text === '' ? '' : `.PP\n.nf\n${plain(text)}\n.fi\n`)

function optionsOf(command: Command): string {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ flags, description }) => `.TP\n.B ${plain(flags)}\n${plain(description)}.\n`)
    .join('')
}

const section = (command: Command): string =>
  `.SS "${plain(`${pathOf(command)} ${command.usage()}`)}"\n${plain(capital(command.description()))}.\n${optionsOf(command)}${preformatted(after(command))}`

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export function manual(version: string): string {
  const program = makeProgram(version)
  return `.\\" Made from the definitions of the command, as --help is.
.TH SLIPWAY 1 "" "slipway ${version}" "Slipway"
.SH NAME
slipway \\- networking of containers, as Docker has it, without Docker
.SH SYNOPSIS
.B slipway
[OPTIONS] COMMAND
.SH DESCRIPTION
${plain(program.description())}
${preformatted(after(program))}.SH OPTIONS
${optionsOf(program)}.SH COMMANDS
${allCommands(program)
  .filter((command) => command.commands.length === 0)
  .map(section)
  .join('')}.SH EXIT STATUS
0 for done, 1 for refused, 2 for wrong usage. run and exec end with the exit status of the command that they run.
.SH FILES
.TP
.B /run/slipway
Records of sandboxes and networks.
.TP
.B /run/netns
Network namespaces of sandboxes, by name.
.SH SEE ALSO
.BR ip\\-netns (8),
.BR nft (8),
.BR docker\\-network (1)
`
}
