import { printColumns, printJson } from './output.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'
import { findSandbox } from './find.js'

/** `slipway files`. */
export async function files(host: GivenHost, name: string, { json }: { json?: true }): Promise<void> {
  const written = await withSlipway(host, async (slipway) => (await findSandbox(slipway, name)).files())
  if (json) return printJson(written)
  printColumns(
    ['FILE', 'PATH'],
    [
      ['hostname', written.hostname],
      ['hosts', written.hosts],
      ['resolv.conf', written.resolvConf],
    ],
  )
}
