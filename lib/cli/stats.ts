import type { Command } from 'commander'
import { printContainer, printHost } from '../base/port-mapping.js'
import { print, printColumns, printJson } from './output.js'
import { withSlipway } from './with-slipway.js'

const AFTER = `
Bytes and packets are as the sandbox sees them: RX is what it has received. The
kernel counts them all the time.

Examples:
  slipway stats app
  slipway stats app --json | jq '.ports[].connections'`

/** `slipway stats`. */
export function addStats(program: Command): void {
  program
    .command('stats')
    .usage('NAME')
    .description('print what went through the interfaces of a sandbox, and how often its ports were used')
    .argument('<name>', 'name, id, or the beginning of an id')
    .option('--json', 'as JSON')
    .addHelpText('after', AFTER)
    .action(async (name: string, { json }: { json?: true }) => {
      const stats = await withSlipway(program, async (slipway) => (await slipway.sandboxes.get(name)).stats())
      if (json) return printJson(stats)
      const { interfaces, ports } = stats
      printColumns(
        ['INTERFACE', 'NETWORK', 'RX BYTES', 'RX PACKETS', 'RX DROPPED', 'TX BYTES', 'TX PACKETS', 'TX DROPPED'],
        interfaces.map((one) => [
          one.interface,
          one.network,
          ...[one.rxBytes, one.rxPackets, one.rxDropped, one.txBytes, one.txPackets, one.txDropped].map(String),
        ]),
      )
      if (ports.length === 0) return
      print('\n')
      printColumns(
        ['PORT', 'PUBLISHED AT', 'CONNECTIONS'],
        ports.map((port) => [printContainer(port), printHost(port), String(port.connections)]),
      )
    })
}
