import type { Sandbox } from '../../../api/sandboxes/sandbox.js'
import { Fields } from '../../http/fields.js'
import { badRequest } from '../../http/http-error.js'
import type { HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { readEndpointConfig } from '../endpoint.js'
import { isOlder } from '../versions.js'
import { find } from './find.js'

/** Clients of older versions send a MAC address that they have read somewhere, and Docker's daemon passes over it. */
const WITH_MAC = '1.54'

/** `docker network connect`. To Docker, a sandbox is a container. */
export async function connect(call: DockerCall): Promise<HttpAnswer> {
  const { body, apiVersion, signal } = call
  const options = readEndpointConfig(body.object('EndpointConfig') ?? new Fields({}), !isOlder(apiVersion, WITH_MAC))
  const sandbox = await findSandbox(call)
  const { name } = await find(call)
  await sandbox.connect(name, { ...options, signal })
  return { status: 200 }
}

/** `docker network disconnect`. */
export async function disconnect(call: DockerCall): Promise<HttpAnswer> {
  const { body, signal } = call
  const force = body.flag('Force') ?? false
  const sandbox = await findSandbox(call)
  const { name } = await find(call)
  await sandbox.disconnect(name, { force, signal })
  return { status: 200 }
}

/** Docker's names begin with a slash where they are shown. @throws {HttpError} 400 where none is named. */
function findSandbox({ slipway, body, signal }: DockerCall): Promise<Sandbox> {
  const name = body.text('Container').replace(/^\//, '')
  if (name === '') throw badRequest('Container is missing: the name or id of a sandbox.')
  return slipway.sandboxes.get(name, { signal })
}
