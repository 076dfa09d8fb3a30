import { printJson } from '../output.js'
import { forEachName, reportRefusals } from '../several.js'
import { withSlipway } from '../with-slipway.js'
import type { GivenHost } from '../usage/host-flags.js'

/** `slipway network inspect`. */
export async function inspectNetworks(host: GivenHost, names: readonly string[]): Promise<void> {
  const { done, refusals } = await withSlipway(host, (slipway) =>
    forEachName(names, async (name) => (await slipway.networks.get(name)).inspect()),
  )
  printJson(done)
  reportRefusals(refusals)
}
