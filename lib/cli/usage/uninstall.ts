import type { Command } from 'commander'
import type { UninstallFlags } from '../uninstall.js'
import { givenHost } from './host-flags.js'

const AFTER = `
All that Slipway has on this host, and nothing else: sandboxes and networks of all
processes, the default bridge, its tables of nf_tables, its folder below the state
directory. It asks before. Processes in sandboxes go on, without network. What you
have added to its tables (rules in the chain user) goes with them, and is named.

What stays: settings of the host that other programs may rely on by now, as
net.ipv4.ip_forward; links and files that Slipway has not made, wherever they are.
Programs that have this host open are not told.

Exit status 1 when something stays because somebody else uses it, or has put it
there.`

/** `slipway uninstall`. */
export function addUninstall(program: Command): void {
  program
    .command('uninstall')
    .usage('[OPTIONS]')
    .description('remove all that Slipway has on this host')
    .option('-f, --force', 'do not ask')
    .option('--json', 'print what was removed as JSON')
    .addHelpText('after', AFTER)
    .action(async (flags: UninstallFlags) => (await import('../actions.js')).uninstall(givenHost(program), flags))
}
