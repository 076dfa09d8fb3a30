import type { Slipway } from '../../api/slipway.js'
import type { Fields } from '../http/fields.js'
import type { HttpAnswer } from '../http/protocol.js'
import type { Lives } from './containers/lives.js'
import type { Feed } from './events/feed.js'

/** What every call of the API works with. */
export interface DockerHost {
  slipway: Slipway
  /** Of Slipway: `0.1.0`. */
  version: string
}

/** A call of Docker's Engine API. */
export interface DockerCall extends DockerHost {
  lives: Lives
  feed: Feed
  /** The version of the API that the client speaks: `1.51`. */
  apiVersion: string
  /** What the path names. */
  parameters: Readonly<Record<string, string>>
  query: URLSearchParams
  /** Empty where the call has no body. */
  body: Fields
  /** Aborted when the client goes away. */
  signal: AbortSignal
}

export type DockerHandler = (call: DockerCall) => HttpAnswer | Promise<HttpAnswer>

export interface DockerRoute {
  method: string
  path: string
  /** Default: false. */
  readsBody?: boolean
  answer: DockerHandler
}
