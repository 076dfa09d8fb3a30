import { sandboxPruneFilters } from './filters.js'
import type { PruneFlags } from './network/prune.js'
import { print, printJson } from './output.js'
import { isSure } from './sure.js'
import type { GivenHost } from './usage/host-flags.js'
import { withSlipway } from './with-slipway.js'

/** `slipway prune`: what `docker container prune` is. */
export async function prune(host: GivenHost, { filter = [], force, json }: PruneFlags): Promise<void> {
  const filters = sandboxPruneFilters(filter)
  if (!force && !(await isSure('prune', 'This removes all sandboxes that nobody uses.'))) return
  const removed = await withSlipway(host, (slipway) => slipway.sandboxes.prune(filters), { wait: true })
  if (json) printJson(removed)
  else if (removed.length > 0) print(`Deleted Sandboxes:\n${removed.join('\n')}`)
}
