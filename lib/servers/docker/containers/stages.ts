import { clock } from '../../../base/timers.js'
import { HttpError } from '../../http/http-error.js'
import type { HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { queryFlag, queryWhole } from '../query.js'
import { stopped } from './container.js'
import { findContainer, type FoundContainer } from './find.js'
import { requireEnding } from './signal.js'

const DONE: HttpAnswer = { status: 204 }
/** It was so already. */
const ALREADY: HttpAnswer = { status: 304 }

/** `docker start`: of what is there since it was created. */
export async function start(call: DockerCall): Promise<HttpAnswer> {
  const { container, sandbox } = await findContainer(call)
  if (!sandbox)
    throw new HttpError(
      501,
      `Container ${container.name} has stopped, and its sandbox is gone: create another. Remove this one first to forget it.`,
    )
  return call.lives.started(sandbox.id) ? DONE : ALREADY
}

/** `docker stop`: the sandbox goes, and is remembered as it was. */
export async function stop(call: DockerCall): Promise<HttpAnswer> {
  queryWhole(call.query, 't')
  requireEnding(call.query.get('signal') ?? '')
  const found = await findContainer(call)
  if (found.container.state !== 'running') return ALREADY
  await end(call, found)
  return DONE
}

/** `docker kill` */
export async function kill(call: DockerCall): Promise<HttpAnswer> {
  requireEnding(call.query.get('signal') ?? '')
  const found = await findContainer(call)
  const { container } = found
  // In the words of dockerd.
  if (container.state !== 'running')
    throw new HttpError(409, `cannot kill container: ${container.name}: container ${container.id} is not running`)
  await end(call, found)
  return DONE
}

/** `docker rm` */
export async function remove(call: DockerCall): Promise<HttpAnswer> {
  const force = queryFlag(call.query, 'force')
  queryFlag(call.query, 'v')
  if (queryFlag(call.query, 'link'))
    throw new HttpError(501, 'link: Slipway has no links: sandboxes of one network find each other by name.')
  const { container, sandbox } = await findContainer(call)
  // In the words of dockerd.
  if (container.state === 'running' && !force)
    throw new HttpError(
      409,
      `cannot remove container "/${container.name}": container is running: stop the container before removing or force remove`,
    )
  await sandbox?.remove({ signal: call.signal })
  call.lives.removed(container.id)
  return DONE
}

async function end({ lives, signal }: DockerCall, { container, sandbox }: FoundContainer): Promise<void> {
  await sandbox?.remove({ signal })
  if (lives.isRemovedAtEnd(container.id)) lives.removed(container.id)
  else lives.stopped(stopped(container, new Date(clock.time()).toISOString()))
}
