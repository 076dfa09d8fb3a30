import { json, type HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { queryFlag } from '../query.js'
import { findContainer } from './find.js'
import { containerInspect } from './shown.js'

/** `docker inspect`, `docker port`. What it takes on a disk (`size`) is nothing. */
export async function inspect(call: DockerCall): Promise<HttpAnswer> {
  queryFlag(call.query, 'size')
  const { container } = await findContainer(call)
  return json(containerInspect(container, call.apiVersion))
}
