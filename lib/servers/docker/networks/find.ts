import type { Network } from '../../../api/networks/network.js'
import { SlipwayError } from '../../../base/errors.js'
import { badRequest } from '../../http/http-error.js'
import type { DockerCall } from '../call.js'

/**
 * The network that the path names, by id, name, or the beginning of an id.
 *
 * @throws {SlipwayError} `NOT_FOUND`; {HttpError} 400 when several ids begin so, as dockerd has it.
 */
export async function find({ slipway, parameters, signal }: DockerCall): Promise<Network> {
  try {
    return await slipway.networks.get(parameters['id'] ?? '', { signal })
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'CONFLICT') throw badRequest(error.message)
    throw error
  }
}
