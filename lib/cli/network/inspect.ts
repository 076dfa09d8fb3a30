import { readInspect, type InspectFlags } from '../inspect.js'
import { print } from '../output.js'
import { forEachName, reportRefusals } from '../several.js'
import { withSlipway } from '../with-slipway.js'
import type { GivenHost } from '../usage/host-flags.js'
import { findNetwork } from '../find.js'

/** `slipway network inspect`. */
export async function inspectNetworks(host: GivenHost, names: readonly string[], flags: InspectFlags): Promise<void> {
  const shown = await readInspect(flags)
  const { done, refusals } = await withSlipway(host, (slipway) =>
    forEachName(names, async (name) => (await findNetwork(slipway, name)).inspect()),
  )
  print(shown(done))
  reportRefusals(refusals)
}
