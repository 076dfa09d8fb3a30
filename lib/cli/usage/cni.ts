import type { Command } from 'commander'
import { givenHost } from './host-flags.js'

const AFTER = `
For containerd, CRI-O, Kubernetes and all else that has its networks made by plugins
of CNI (0.3.0 to 1.1.0). What is to be done comes by the variables CNI_COMMAND and
its like, and by a configuration on stdin; what was done, or why it was not, goes to
stdout as JSON.

  /etc/cni/net.d/10-web.conflist:
  { "cniVersion": "1.0.0", "name": "web", "plugins": [{
      "type": "slipway", "capabilities": { "portMappings": true, "ips": true },
      "ipam": { "subnet": "10.22.0.0/16" } }] }

The program of that "type", in the folder of the runtime's plugins:
  printf '#!/bin/sh\\nexec slipway cni\\n' > /opt/cni/bin/slipway
  chmod +x /opt/cni/bin/slipway`

/** `slipway cni`. */
export function addCni(program: Command): void {
  program
    .command('cni')
    .usage('')
    .description('connect or disconnect a container, as a plugin of CNI')
    .addHelpText('after', AFTER)
    .action(async () => (await import('../cni.js')).cni(givenHost(program)))
}
