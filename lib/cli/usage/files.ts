import type { Command } from 'commander'
import { givenHost } from './host-flags.js'

const AFTER = `
A container runtime mounts them over /etc/hostname, /etc/hosts and
/etc/resolv.conf of the container. From now on they follow the sandbox's networks.
'slipway run' and 'slipway exec' do this for the commands that they run.

Examples:
  slipway files app
  slipway files app --json | jq -r .resolvConf`

/** `slipway files`. */
export function addFiles(program: Command): void {
  program
    .command('files')
    .usage('NAME')
    .description('write the files hostname, hosts and resolv.conf of a sandbox, and print their paths')
    .argument('<name>', 'name, id, or the beginning of an id')
    .option('--json', 'as JSON')
    .addHelpText('after', AFTER)
    .action(async (name: string, flags: { json?: true }) =>
      (await import('../actions.js')).files(givenHost(program), name, flags),
    )
}
