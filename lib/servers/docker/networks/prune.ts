import { badRequest } from '../../http/http-error.js'
import { json, type HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { queryFilters } from '../query.js'

/** `docker network prune`. */
export async function prune({ slipway, query, signal }: DockerCall): Promise<HttpAnswer> {
  const filters = queryFilters(query, ['label', 'label!', 'until'])
  const [until, ...others] = filters.get('until') ?? []
  if (others.length > 0) throw badRequest('more than one until filter specified')
  const label = [...(filters.get('label') ?? []), ...(filters.get('label!') ?? []).map((one) => `!${one}`)]
  const removed = await slipway.networks.prune({
    ...(label.length === 0 ? {} : { label }),
    ...(until === undefined ? {} : { until }),
    signal,
  })
  return json({ NetworksDeleted: removed.length === 0 ? null : removed })
}
