import { print, printJson } from '../output.js'
import { forEachName, reportRefusals } from '../several.js'
import { withSlipway } from '../with-slipway.js'
import type { GivenHost } from '../usage/host-flags.js'

/** `slipway network rm`. */
export async function removeNetworks(
  host: GivenHost,
  names: readonly string[],
  { json }: { json?: true },
): Promise<void> {
  const { done, refusals } = await withSlipway(host, (slipway) =>
    forEachName(names, async (name) => {
      await (await slipway.networks.get(name)).remove()
      return name
    }),
  )
  if (json) printJson(done)
  else print(done.join('\n'))
  reportRefusals(refusals)
}
