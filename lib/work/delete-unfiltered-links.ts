import { channel } from 'node:diagnostics_channel'
import { deleteUnfiltered } from '../drivers/plans/delete-unfiltered.js'
import type { StackPlace } from '../drivers/stack.js'
import { SlipwayError } from '../base/errors.js'
import { tryPlan, removeWhatIsThere } from '../claims/remove-if-there.js'
import type { Host } from '../kernel/host.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import type { RemovalMessage } from './removals.js'

/** Each round deletes all that was made until then. */
const ROUNDS = 8

/**
 * A sandbox may make more links from one that it has, on the same network, in the instant before that is deleted. They
 * are deleted here, after the first part of a removal, until none is left.
 *
 * @param name - Of the sandbox.
 * @param endpoints - Those that it has left.
 * @param stay - Its others.
 */
export async function deleteUnfilteredLinks(
  host: Host,
  name: string,
  place: StackPlace,
  endpoints: readonly StoredEndpoint[],
  stay: readonly StoredEndpoint[],
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const left = await deleteUnfiltered(host, place, endpoints, stay)
    if (left.length === 0) return
    if (await tryPlan(host, left)) await removeWhatIsThere(host, left)
  }
  const networks = endpoints.map(({ network }) => network).join(', ')
  channel('slipway:departure').publish({
    key: `links of ${name}`,
    error: new SlipwayError(
      'CONFLICT',
      `A process in the sandbox ${name}, which is off ${networks}, makes links there faster than they can be deleted: end the processes in ${place.path}.`,
    ),
  } satisfies RemovalMessage)
}
