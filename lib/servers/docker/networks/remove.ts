import { SlipwayError } from '../../../base/errors.js'
import { HttpError } from '../../http/http-error.js'
import type { HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { find } from './find.js'

/** `docker network rm`. What is in use, or there on every host, is 403 to Docker. */
export async function remove(call: DockerCall): Promise<HttpAnswer> {
  const network = await find(call)
  try {
    await network.remove({ signal: call.signal })
  } catch (error) {
    if (error instanceof SlipwayError && (error.code === 'CONFLICT' || error.code === 'INVALID_ARGUMENT'))
      throw new HttpError(403, error.message)
    throw error
  }
  return { status: 204 }
}
