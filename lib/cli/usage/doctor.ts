import type { Command } from 'commander'
import type { DoctorFlags } from '../doctor/command.js'
import { givenHost } from './host-flags.js'

const AFTER = `
Looks and changes nothing, but with --fix. A line each: ok, note (works, good to know) or
problem, and what to do. Exit status 1 when there is a problem.

--fix does what any program does that opens the host: what is left over from processes
that died goes, and rules, claims and links that were taken away come back. It says what
it did, and then looks. What is the administrator's (sysctls, other firewalls) stays.`

/** `slipway doctor`: can it work here? */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .usage('[OPTIONS]')
    .description('check kernel, capabilities, settings and leftovers, and say what to do')
    .option('--fix', 'before that, mend what is ours')
    .option('--json', 'as JSON')
    .addHelpText('after', AFTER)
    .action(async (flags: DoctorFlags) => (await import('../doctor/command.js')).doctor(givenHost(program), flags))
}
