import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { listenerOf, type DispatchHandler, type Listener } from './handler.js'
import { sendBody, type RequestBody } from './body.js'

export type { DispatchHandler } from './handler.js'

/**
 * What undici's `fetch` and `request` ask of a dispatcher, done with the HTTP of Node.js: so it needs no undici, and
 * goes with each version of it. What it is told in, handler.ts knows.
 */

/** A request, as a dispatcher gets it. */
export interface Dispatched {
  origin?: string | URL
  path: string
  method: string
  headers?: RequestHeaders | null
  body?: RequestBody
  query?: Record<string, unknown>
  upgrade?: boolean | string | null
  /** Milliseconds until the response begins; 0 for no limit. */
  headersTimeout?: number | null
  /** Milliseconds without a byte of the body; 0 for no limit. */
  bodyTimeout?: number | null
}

type HeaderValue = string | readonly string[] | undefined
type RequestHeaders =
  | readonly string[]
  | Iterable<readonly [string, HeaderValue]>
  | Readonly<Record<string, HeaderValue>>

/** Undici's, in milliseconds. */
const PATIENCE_MS = 300_000
/** A connection that was kept may have been closed by the other side in the moment of its use: it is tried again. */
const MOST_TRIES = 3
const REPEATABLE = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']

/** @param refused - Why nothing is to be sent any more. */
export function dispatch(
  agent: Agent,
  refused: Error | undefined,
  options: Dispatched,
  handler: DispatchHandler,
): boolean {
  new Exchange(agent, options, handler).begin(refused)
  return true
}

class Exchange {
  readonly #agent: Agent
  readonly #options: Dispatched
  readonly #listener: Listener
  #request: ClientRequest | undefined
  #response: IncomingMessage | undefined
  #ended = false
  #tries = 0

  constructor(agent: Agent, options: Dispatched, handler: DispatchHandler) {
    this.#agent = agent
    this.#options = options
    this.#listener = listenerOf(handler, {
      abort: (reason) => this.#fail(reason instanceof Error ? reason : aborted(reason)),
      pause: () => this.#response?.pause(),
      resume: () => this.#response?.resume(),
    })
  }

  begin(refused: Error | undefined): void {
    try {
      this.#listener.start()
      if (this.#ended) return
      if (refused) return this.#fail(refused)
      this.#send()
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #send(): void {
    const { method, upgrade } = this.#options
    this.#tries++
    const request = openRequest(this.#agent, this.#options)
    this.#request = request
    request.on('error', (error) => {
      if (request === this.#request) this.#lost(error)
    })
    request.on('information', ({ statusCode, statusMessage, rawHeaders }) =>
      this.#tell(() => this.#listener.head(statusCode, rawHeaders, statusMessage)),
    )
    request.on('response', (response) => {
      if (upgrade || method === 'CONNECT') return this.#fail(coded('UND_ERR_SOCKET', 'bad upgrade'))
      this.#receive(response)
    })
    const onUpgrade = (response: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgraded(response, socket, head)
    request.on('upgrade', onUpgrade)
    request.on('connect', onUpgrade)
    const { headersTimeout, bodyTimeout } = this.#options
    // 0: for ever, whatever the agent's connections have.
    request.setTimeout(headersTimeout ?? PATIENCE_MS, () =>
      this.#fail(coded('UND_ERR_HEADERS_TIMEOUT', 'The response has not begun in time.')),
    )
    request.once('response', () => {
      request.removeAllListeners('timeout')
      request.setTimeout(bodyTimeout ?? PATIENCE_MS, () =>
        this.#fail(coded('UND_ERR_BODY_TIMEOUT', 'Nothing more of the response has come in time.')),
      )
    })
    sendBody(request, this.#options.body, (error) => this.#fail(error))
  }

  #receive(response: IncomingMessage): void {
    this.#response = response
    const { statusCode = 0, statusMessage = '', rawHeaders } = response
    response.on('error', (error) => this.#fail(error))
    response.on('end', () => {
      if (this.#ended) return
      this.#ended = true
      this.#listener.end(response.rawTrailers)
    })
    response.on('close', () => this.#fail(coded('UND_ERR_SOCKET', 'other side closed')))
    this.#tell(() => this.#listener.head(statusCode, rawHeaders, statusMessage))
    // Behind the head, so that it may have said that it waits: a listener starts what is not paused.
    response.on('data', (chunk: Buffer) => this.#tell(() => this.#listener.data(chunk)))
  }

  #upgraded({ statusCode = 0, rawHeaders }: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#ended) return void socket.destroy()
    if (head.length > 0) socket.unshift(head)
    this.#tell(() => {
      const taken = this.#listener.upgrade(statusCode, rawHeaders, socket)
      if (!taken) return this.#fail(coded('UND_ERR_SOCKET', 'bad upgrade'), socket)
      this.#ended = true
    })
  }

  /** What the one that listens throws ends the request. */
  #tell(what: () => void): void {
    if (this.#ended) return
    try {
      what()
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #lost(error: NodeJS.ErrnoException): void {
    const { method, body } = this.#options
    const again =
      !this.#ended &&
      !this.#response &&
      this.#request?.reusedSocket === true &&
      (error.code === 'ECONNRESET' || error.code === 'EPIPE') &&
      REPEATABLE.includes(method) &&
      (body === null || body === undefined || typeof body === 'string' || body instanceof Uint8Array) &&
      this.#tries < MOST_TRIES
    if (!again) return this.#fail(error)
    try {
      this.#send()
    } catch (refused) {
      this.#fail(refused as Error)
    }
  }

  #fail(error: Error, socket?: Duplex): void {
    if (this.#ended) return
    this.#ended = true
    this.#request?.destroy()
    socket?.destroy()
    this.#listener.fail(error)
  }
}

function openRequest(agent: Agent, options: Dispatched): ClientRequest {
  const { origin = '', path, method, query, upgrade } = options
  const url = new URL(origin)
  const isHttps = url.protocol === 'https:'
  const { request } = isHttps ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http')
  const made = request({
    agent,
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port || (isHttps ? 443 : 80),
    path: withQuery(path, query),
    method,
  })
  try {
    setHeaders(made, options.headers ?? [])
    if (typeof upgrade === 'string') {
      made.setHeader('connection', 'upgrade')
      made.setHeader('upgrade', upgrade)
    }
    return made
  } catch (error) {
    made.on('error', () => undefined).destroy()
    throw error
  }
}

function setHeaders(made: ClientRequest, headers: RequestHeaders): void {
  const given = new Set<string>()
  for (const [name, value] of pairsOf(headers)) {
    const first = !given.has(name.toLowerCase())
    given.add(name.toLowerCase())
    if (value === undefined) continue
    // The first takes the place of what Node.js has by itself (Host).
    if (first) made.setHeader(name, value)
    else made.appendHeader(name, value)
  }
}

function* pairsOf(headers: RequestHeaders): Iterable<readonly [string, HeaderValue]> {
  if (Array.isArray(headers) && headers.every((one) => typeof one === 'string')) {
    for (let at = 0; at + 1 < headers.length; at += 2) yield [headers[at] ?? '', headers[at + 1]]
  } else if (Symbol.iterator in headers) {
    yield* headers as Iterable<readonly [string, HeaderValue]>
  } else {
    yield* Object.entries(headers)
  }
}

function withQuery(path: string, query: Dispatched['query']): string {
  if (!query) return path
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one))
  return `${path}${path.includes('?') ? '&' : '?'}${search}`
}

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code })

const aborted = (reason: unknown): Error =>
  reason === undefined || reason === null
    ? new DOMException('This operation was aborted', 'AbortError')
    : Object.assign(new Error(String(reason)), { code: 'UND_ERR_ABORTED' })
