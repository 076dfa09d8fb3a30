import { print, printJson } from '../output.js'
import { withSlipway } from '../with-slipway.js'
import { pruneFilters } from './filters.js'
import { isSure } from '../sure.js'
import type { GivenHost } from '../usage/host-flags.js'

export interface PruneFlags {
  filter?: string[]
  force?: true
  json?: true
}

/** `slipway network prune`. */
export async function pruneNetworks(host: GivenHost, { filter = [], force, json }: PruneFlags): Promise<void> {
  const filters = pruneFilters(filter)
  if (!force && !(await isSure('network prune', 'This removes all networks that no sandbox is on.'))) return
  const removed = await withSlipway(host, (slipway) => slipway.networks.prune(filters))
  if (json) printJson(removed)
  else if (removed.length > 0) print(`Deleted Networks:\n${removed.join('\n')}`)
}
