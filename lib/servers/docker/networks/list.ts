import { json, type HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { queryFilters } from '../query.js'
import { LIST_FILTERS, readListFilters } from './filters.js'
import { shownNetwork } from './shown.js'

/** `docker network ls`: all networks that the filters let through, without the sandboxes on them. */
export async function list({ slipway, query, signal }: DockerCall): Promise<HttpAnswer> {
  const { dangling, matches } = readListFilters(queryFilters(query, LIST_FILTERS))
  const networks = await slipway.networks.list({ ...(dangling === true ? { dangling } : {}), signal })
  // To Docker, what is not dangling is used, or there on every host.
  const unused =
    dangling === false
      ? new Set((await slipway.networks.list({ dangling: true, signal })).map(({ id }) => id))
      : new Set<string>()
  const found = networks.filter((network) => !unused.has(network.id)).map((network) => network.describe())
  return json(found.filter(matches).map(shownNetwork))
}
