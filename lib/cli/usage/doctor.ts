import type { Command } from 'commander'
import { givenHost } from './host-flags.js'

const AFTER = `
Looks and changes nothing. A line each: ok, note (works, good to know) or
problem, and what to do. Exit status 1 when there is a problem.`

/** `slipway doctor`: can it work here? */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .usage('[OPTIONS]')
    .description('check kernel, capabilities, settings and leftovers, and say what to do')
    .option('--json', 'as JSON')
    .addHelpText('after', AFTER)
    .action(async (flags: { json?: true }) => (await import('../doctor/command.js')).doctor(givenHost(program), flags))
}
