import { call } from '../helpers/api-server.js'
import type { AnswerSighting } from './observation.js'
import type { Ask } from './steps.js'

/** The version of the API that both sides know. */
const VERSION = 'v1.44'

/** What a server at a socket answers. */
export async function ask(socket: string, { method = 'GET', path, body: sent }: Ask): Promise<AnswerSighting> {
  const { status, json, body } = await call({ socket }, method, `/${VERSION}${path}`, sent)
  return { kind: 'answer', status, body: json ?? body }
}
