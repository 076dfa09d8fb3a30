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

The program of that "type", in the folder of the runtime's plugins, is slipway-cni:
  ln -s "$(slipway cni --program)" /opt/cni/bin/slipway
It asks 'slipway serve', in a millisecond; where none runs, it runs this command.`

/** `slipway cni`. */
export function addCni(program: Command): void {
  program
    .command('cni')
    .usage('[--program]')
    .description('connect or disconnect a container, as a plugin of CNI')
    .option('--program', 'print the path of slipway-cni, which runtimes call')
    .addHelpText('after', AFTER)
    .action(async (flags: { program?: true }) => {
      const { cni, printCniProgram } = await import('../cni.js')
      await (flags.program ? printCniProgram() : cni(givenHost(program)))
    })
}
