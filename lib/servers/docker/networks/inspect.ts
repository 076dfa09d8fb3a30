import { SlipwayError } from '../../../base/errors.js'
import { json, type HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { queryFlag } from '../query.js'
import { find } from './find.js'
import { shownNetwork } from './shown.js'

/** `docker network inspect`. There are no services of a swarm that `verbose` would add. */
export async function inspect(call: DockerCall): Promise<HttpAnswer> {
  const { query, parameters, signal } = call
  queryFlag(query, 'verbose')
  const network = await (await find(call)).inspect({ signal })
  const scope = query.get('scope') ?? ''
  if (scope !== '' && scope !== network.Scope)
    throw new SlipwayError(
      'NOT_FOUND',
      `There is no network ${JSON.stringify(parameters['id'])} of the scope ${scope}.`,
    )
  return json(shownNetwork(network))
}
