import { describe } from './describe.js'
import { printJson } from './output.js'
import { forEachName, reportRefusals } from './several.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'

/** `slipway inspect`. */
export async function inspect(host: GivenHost, names: readonly string[]): Promise<void> {
  const { done, refusals } = await withSlipway(host, (slipway) =>
    forEachName(names, async (name) => describe(await slipway.sandboxes.get(name))),
  )
  printJson(done)
  reportRefusals(refusals)
}
