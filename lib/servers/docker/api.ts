import { Fields } from '../http/fields.js'
import { badRequest, HttpError } from '../http/http-error.js'
import { json, type HttpAnswer, type HttpHandler, type HttpHead, type Protocol } from '../http/protocol.js'
import { Routes } from '../http/routes.js'
import { statusOf } from '../http/status.js'
import type { DockerHost, DockerRoute } from './call.js'
import { Lives } from './containers/lives.js'
import { CONTAINER_ROUTES } from './containers/routes.js'
import { Feed } from './events/feed.js'
import { EVENT_ROUTES } from './events/stream.js'
import { inFields } from './in-fields.js'
import { NETWORK_ROUTES } from './networks/routes.js'
import { reasonNotHere } from './not-here.js'
import { SYSTEM_ROUTES } from './system.js'
import { checkVersion, NEWEST_API, splitVersion } from './versions.js'

const ROUTES = new Routes<DockerRoute>(
  [...SYSTEM_ROUTES, ...CONTAINER_ROUTES, ...NETWORK_ROUTES, ...EVENT_ROUTES].map((route) => ({
    method: route.method,
    path: route.path,
    handler: route,
  })),
)

/** Docker's Engine API, as far as it is networking. */
export class DockerApi implements Protocol {
  readonly #host: DockerHost
  readonly #lives = new Lives()
  readonly #feed: Feed
  readonly #headers: Readonly<Record<string, string>>

  constructor(host: DockerHost) {
    this.#host = host
    this.#feed = new Feed(host.slipway)
    this.#headers = {
      Server: `Slipway/${host.version} (linux)`,
      'Api-Version': NEWEST_API,
      'Docker-Experimental': 'false',
      Ostype: 'linux',
    }
  }

  handlerFor({ method, path, headers }: HttpHead): HttpHandler {
    // Web browsers ask so whether they may ask.
    if (method === 'OPTIONS') return NOTHING
    const { version = NEWEST_API, rest } = splitVersion(path)
    const found = ROUTES.find(method, rest)
    if (!found) {
      const reason = reasonNotHere(rest)
      // In the words of dockerd.
      throw reason === undefined ? new HttpError(404, 'page not found') : new HttpError(501, `${reason}.`)
    }
    checkVersion(version)
    const { readsBody = false, answer } = found.handler
    if (readsBody) checkJson(headers)
    return {
      readsBody,
      answer: async ({ query, body, signal }) => {
        const { parameters } = found
        const asked = { apiVersion: version, parameters, query, body: Fields.parse(body), signal }
        return this.#ours(await answer({ ...this.#host, lives: this.#lives, feed: this.#feed, ...asked }))
      },
    }
  }

  refuse(error: unknown): HttpAnswer {
    const message = error instanceof Error ? inFields(error.message) : String(error)
    return this.#ours(json({ message }, statusOf(error)))
  }

  #ours({ headers, ...answer }: HttpAnswer): HttpAnswer {
    return { ...answer, headers: { ...this.#headers, ...headers } }
  }
}

const NOTHING: HttpHandler = { readsBody: false, answer: () => Promise.resolve({ status: 200 }) }

/** What is sent as anything else may be meant otherwise. @throws {HttpError} 400 in the words of dockerd. */
function checkJson(headers: HttpHead['headers']): void {
  const type = headers['content-type']
  const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
  if (type === undefined && isEmpty) return
  if (type?.split(';')[0]?.trim().toLowerCase() !== 'application/json')
    throw badRequest(`unsupported Content-Type header (${type ?? ''}): must be 'application/json'`)
}
