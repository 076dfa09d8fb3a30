import type { Sandbox } from '../../../api/sandboxes/sandbox.js'
import { SlipwayError } from '../../../base/errors.js'
import { badRequest, HttpError } from '../../http/http-error.js'
import type { DockerCall } from '../call.js'
import { containerOf, type Container } from './container.js'

/** What a container is on the host: a sandbox, until it stops. */
export type FoundContainer = { container: Container; sandbox: Sandbox | undefined }

/**
 * The container that the path names, by id, name, or the beginning of an id.
 *
 * @throws {HttpError} 404; 400 when several ids begin so, as dockerd has it.
 */
export const findContainer = (call: DockerCall): Promise<FoundContainer> => findNamed(call, call.parameters['id'] ?? '')

/** @throws {HttpError} As {@link findContainer}. */
export async function findNamed({ slipway, lives, signal }: DockerCall, given: string): Promise<FoundContainer> {
  // Docker's names begin with a slash where they are shown.
  const nameOrId = given.replace(/^\//, '')
  try {
    const sandbox = await slipway.sandboxes.get(nameOrId, { signal })
    return { container: containerOf(sandbox, lives.stateOf(sandbox.id)), sandbox }
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    if (error.code === 'CONFLICT') throw badRequest(error.message)
    if (error.code !== 'NOT_FOUND') throw error
    return { container: stoppedOne(nameOrId, () => lives.find(nameOrId)), sandbox: undefined }
  }
}

function stoppedOne(nameOrId: string, find: () => Container | undefined): Container {
  const found = find()
  // In the words of dockerd.
  if (!found) throw new HttpError(404, `No such container: ${nameOrId}`)
  return found
}
