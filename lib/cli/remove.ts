import { forEachName, reportRemoved, type RemoveFlags } from './several.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'
import { findSandbox } from './find.js'

/** `slipway rm`. */
export async function remove(host: GivenHost, names: readonly string[], flags: RemoveFlags): Promise<void> {
  const outcome = await withSlipway(
    host,
    (slipway) =>
      forEachName(names, async (name) => {
        await (await findSandbox(slipway, name)).remove()
        return name
      }),
    { wait: true },
  )
  reportRemoved(outcome, flags)
}
