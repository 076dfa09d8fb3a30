import { HttpError } from '../http/http-error.js'
import type { HttpAnswer, HttpHandler, HttpHead, Protocol } from '../http/protocol.js'
import type { Metrics } from './metrics.js'

/** Where Prometheus asks. */
const PATH = '/metrics'

/** Tells Prometheus what was counted. */
export class MetricsApi implements Protocol {
  readonly #metrics: Metrics

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  handlerFor({ method, path }: HttpHead): HttpHandler {
    if (path !== PATH) throw new HttpError(404, `There is only ${PATH} here.`)
    if (method !== 'GET' && method !== 'HEAD') throw new HttpError(405, `${PATH} takes GET, and no ${method}.`)
    return { readsBody: false, answer: () => this.#answer() }
  }

  refuse(error: unknown): HttpAnswer {
    return {
      status: error instanceof HttpError ? error.status : 500,
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      body: `${error instanceof Error ? error.message : String(error)}\n`,
    }
  }

  async #answer(): Promise<HttpAnswer> {
    const body = await this.#metrics.print()
    return { status: 200, headers: { 'Content-Type': this.#metrics.contentType }, body }
  }
}
