import { Argument, type Command } from 'commander'
import type { Action } from '../../servers/netavark/plugin.js'
import { givenHost } from './host-flags.js'

const ACTIONS = ['info', 'create', 'setup', 'teardown'] satisfies (Action | 'info')[]

const AFTER = `
For podman, whose networks are made by netavark. netavark runs a program of its
plugin directory that is called as the network's driver:

  printf '#!/bin/sh\\nexec slipway netavark "$@"\\n' > /usr/local/lib/netavark/slipway
  chmod +x /usr/local/lib/netavark/slipway

  containers.conf:  [network]
                    netavark_plugin_dirs = ["/usr/local/lib/netavark"]

  podman network create --driver slipway web
  podman run --network web -p 8080:80 nginx

What is to be done comes on stdin as JSON, and what was done, or why it was not,
goes to stdout as JSON.`

/** `slipway netavark`. */
export function addNetavark(program: Command): void {
  program
    .command('netavark')
    .usage('info|create|setup NETNS|teardown NETNS')
    .description('connect or disconnect a container of podman, as a plugin of netavark')
    .addArgument(new Argument('<action>', 'what netavark wants').choices(ACTIONS))
    .argument('[netns]', 'network namespace of the container')
    .addHelpText('after', AFTER)
    .action(async (action: Action | 'info', netns: string | undefined) =>
      (await import('../netavark.js')).netavark(givenHost(program), action, netns),
    )
}
