import type { IncomingHttpHeaders } from 'node:http'

/** What begins a request: enough to say what it is for. */
export interface HttpHead {
  readonly method: string
  /** As it was sent, without what is behind `?`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export interface HttpRequest extends HttpHead {
  /** Empty where the handler does not want it. */
  readonly body: Buffer
  /** Aborted when the client goes away, or the server has no more time for it. */
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  status: number
  headers?: Readonly<Record<string, string>>
  body?: string
  /** Sent in place of a body, a part each as it comes. `signal` of the request ends it. */
  stream?: AsyncIterable<string>
}

export interface HttpHandler {
  readonly readsBody: boolean
  answer(request: HttpRequest): Promise<HttpAnswer>
}

/** What is spoken over HTTP. */
export interface Protocol {
  /** @throws What is then refused: there is nothing of that name. */
  handlerFor(head: HttpHead): HttpHandler
  /** Says in the protocol's own form what was thrown. @param head - Left out where none could be read. */
  refuse(error: unknown, head?: HttpHead): HttpAnswer
}

/** An answer in JSON, with a line break at its end as Go's encoder has it. */
export const json = (value: unknown, status = 200): HttpAnswer => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: `${JSON.stringify(value)}\n`,
})
