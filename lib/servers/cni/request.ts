import { badRequest } from '../http/http-error.js'
import type { CniVariables } from './environment.js'

/** A call of a plugin in one text: variables as `/proc/self/environ` has them, an empty one, and what is on stdin. */
export interface CniRequest {
  variables: CniVariables
  input: Buffer
}

/** @throws {HttpError} 400 */
export function readRequest(body: Buffer): CniRequest {
  const variables: Record<string, string> = {}
  for (let from = 0; ;) {
    const to = body.indexOf(0, from)
    if (to === -1) throw badRequest('The variables of a call of CNI end with an empty one.')
    if (to === from) return { variables, input: body.subarray(to + 1) }
    const text = body.toString('utf8', from, to)
    const at = text.indexOf('=')
    // Only those of the protocol are meant.
    if (at > 0 && text.startsWith('CNI_')) variables[text.slice(0, at)] = text.slice(at + 1)
    from = to + 1
  }
}
