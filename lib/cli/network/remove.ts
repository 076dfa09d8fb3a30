import { forEachName, reportRemoved, type RemoveFlags } from '../several.js'
import { withSlipway } from '../with-slipway.js'
import type { GivenHost } from '../usage/host-flags.js'
import { findNetwork } from '../find.js'

/** `slipway network rm`. */
export async function removeNetworks(host: GivenHost, names: readonly string[], flags: RemoveFlags): Promise<void> {
  const outcome = await withSlipway(host, (slipway) =>
    forEachName(names, async (name) => {
      await (await findNetwork(slipway, name)).remove()
      return name
    }),
  )
  reportRemoved(outcome, flags)
}
