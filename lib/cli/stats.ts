import { printContainer, printHost } from '../base/port-mapping.js'
import { print, printColumns, printJson } from './output.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'
import { findSandbox } from './find.js'

/** `slipway stats`. */
export async function stats(host: GivenHost, name: string, { json }: { json?: true }): Promise<void> {
  const found = await withSlipway(host, async (slipway) => (await findSandbox(slipway, name)).stats())
  if (json) return printJson(found)
  const { interfaces, ports } = found
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
}
