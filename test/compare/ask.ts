import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { AnswerSighting } from './observation.js'
import type { Ask } from './steps.js'

/** The version of the API that both sides know. */
const VERSION = 'v1.44'

/** What a server at a socket answers. */
export async function ask(socketPath: string, { method = 'GET', path, body }: Ask): Promise<AnswerSighting> {
  const sent = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, method, path: `/${VERSION}${path}`, headers: { 'Content-Type': 'application/json' } },
      (answer) => {
        text(answer).then(
          (said) => resolve({ kind: 'answer', status: answer.statusCode ?? 0, body: read(said) }),
          reject,
        )
      },
    )
    asked.on('error', reject)
    asked.end(sent)
  })
}

function read(said: string): unknown {
  try {
    return JSON.parse(said)
  } catch {
    return said
  }
}
