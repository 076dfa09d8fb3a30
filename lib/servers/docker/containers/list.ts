import { json, type HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { queryFilters, queryFlag, queryWhole } from '../query.js'
import { containerIfThere } from './container.js'
import { findNamed } from './find.js'
import { checkFilters, isAboutStopped, LIST_FILTERS, readListFilters } from './filters.js'
import { containerSummary } from './shown.js'

/** `docker ps`: the newest first. What they take on a disk (`size`) is nothing. */
export async function list(call: DockerCall): Promise<HttpAnswer> {
  const { slipway, lives, query, signal } = call
  queryFlag(query, 'size')
  const limit = queryWhole(query, 'limit') ?? 0
  const filters = queryFilters(query, LIST_FILTERS)
  checkFilters(filters)
  const all = queryFlag(query, 'all') || limit > 0 || isAboutStopped(filters)
  const matches = await readListFilters(filters, async (name) => (await findNamed(call, name)).container)
  const sandboxes = await slipway.sandboxes.list({ signal })
  const containers = [
    ...sandboxes.flatMap((sandbox) => containerIfThere(sandbox, lives.stateOf(sandbox.id)) ?? []),
    ...lives.all,
  ]
  const found = containers
    .filter((one) => (all || one.state === 'running') && matches(one))
    .sort((a, b) => Date.parse(b.created) - Date.parse(a.created))
  return json((limit > 0 ? found.slice(0, limit) : found).map(containerSummary))
}
