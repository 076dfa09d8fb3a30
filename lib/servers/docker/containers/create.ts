import { connectAll } from '../../connect-all.js'
import { badRequest } from '../../http/http-error.js'
import { json, type HttpAnswer } from '../../http/protocol.js'
import type { DockerCall } from '../call.js'
import { readCreateContainer } from './in-body.js'

/** `docker create`. The sandbox is there from now on, with its networks and ports. */
export async function create(call: DockerCall): Promise<HttpAnswer> {
  const { slipway, lives, query, body, signal } = call
  const name = (query.get('name') ?? '').replace(/^\//, '')
  if (name === '' && query.get('name')) throw badRequest('name is nothing but a slash. Leave it out, or give a name.')
  const { options, others, autoRemove, warnings } = readCreateContainer(name, body)
  const sandbox = await slipway.sandboxes.create({ ...options, signal })
  await connectAll(
    sandbox,
    others.map(([network, asked]) => [network, { ...asked, signal }]),
  )
  lives.created(sandbox.id, autoRemove)
  return json({ Id: sandbox.id, Warnings: [...warnings, ...sandbox.warnings] }, 201)
}
