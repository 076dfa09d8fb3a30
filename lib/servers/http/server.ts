import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { clearTimeout, clock, setTimeout } from '../../base/timers.js'
import type { Log } from '../log.js'
import { Admission } from './admission.js'
import { Bodies } from './body.js'
import { Connections, type Exchange } from './connections.js'
import { HttpError } from './http-error.js'
import { Pace } from './pace.js'
import type { HttpAnswer, HttpHead, Protocol } from './protocol.js'
import { sendStream } from './stream.js'

/** Docker's clients keep a connection that is idle for 30 s, and its daemon for ever. */
const KEEP_ALIVE_MS = 65_000
const HEADERS_MS = 10_000
const REQUEST_MS = 30_000
/** So often Node.js looks for connections that have taken longer. */
const LOOK_EVERY_MS = 5_000
/** In bytes. */
const LONGEST_HEADERS = 16 << 10

export const HTTP_OPTIONS = {
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: HEADERS_MS,
  requestTimeout: REQUEST_MS,
  connectionsCheckingInterval: LOOK_EVERY_MS,
  maxHeaderSize: LONGEST_HEADERS,
} as const

/** A client has gone before it was answered. */
class ClientGone extends Error {}

/** What is streamed ends with the server. */
class ServerEnds extends Error {}

/** What clients send over HTTP is given to a protocol, fairly and with bounds, over any number of sockets. */
export class HttpService {
  readonly #protocol: Protocol
  readonly #log: Log
  readonly #admission = new Admission()
  readonly #pace = new Pace()
  readonly #bodies: Bodies
  readonly #connections = new Connections((exchange) => this.#serve(exchange))
  readonly #servers = new Set<Server | TlsServer>()
  readonly #mostConnections: number
  /** Of the answers that are streamed. */
  readonly #streams = new Set<AbortController>()
  #closing = false

  /** @param limits - For tests: as many connections at a time, and as many milliseconds for a body. */
  constructor(protocol: Protocol, log: Log, limits: { connections: number; bodyMs?: number }) {
    this.#protocol = protocol
    this.#log = log
    this.#mostConnections = limits.connections
    this.#bodies = new Bodies(limits.bodyMs)
  }

  /** @param server - It is yet to listen. Default: one without TLS. */
  attach<S extends Server | TlsServer>(server: S): S {
    server.maxConnections = this.#mostConnections
    server.on('connection', (socket: Socket) => this.#pace.add(socket))
    server.on('request', (request, response) => {
      this.#pace.begin()
      this.#connections.add({ request, response })
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuseClient(error, socket as Socket))
    server.on('tlsClientError', (error, socket) => {
      this.#log.debug(`a client has not got through TLS: ${error.message}`, { client: socket.remoteAddress ?? '' })
    })
    this.#servers.add(server)
    return server
  }

  /** A server without TLS. */
  plain(): Server {
    return this.attach(createServer(HTTP_OPTIONS))
  }

  /** Takes no more requests; those that are worked on have some time to come to their end. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true
    for (const stream of this.#streams) stream.abort(new ServerEnds())
    const closed = [...this.#servers].map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve())
          server.closeIdleConnections()
        }),
    )
    const late = setTimeout(() => {
      for (const server of this.#servers) server.closeAllConnections()
    }, graceMs)
    await Promise.all(closed)
    clearTimeout(late)
  }

  /** Never rejects, or the server would end for one client's sake. */
  async #serve(exchange: Exchange): Promise<void> {
    try {
      await this.#exchange(exchange)
    } catch (error) {
      this.#log.error(`${exchange.request.method} ${exchange.request.url}: ${whyOf(error)}`)
      exchange.request.socket.destroy()
    }
  }

  async #exchange({ request, response }: Exchange): Promise<void> {
    // It has waited for others of its connection, which is closed by now.
    if (request.socket.destroyed) return
    const began = clock.now()
    const controller = new AbortController()
    const ended = new Promise<void>((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) controller.abort(new ClientGone())
        resolve()
      })
    })
    const answer = await this.#answer(request, controller.signal)
    if (!controller.signal.aborted) await this.#send(request, response, answer, controller)
    await ended
    const status = response.writableFinished ? answer.status : 'the client has gone'
    this.#log.debug(`${request.method} ${request.url}`, { status, ms: Math.round(clock.now() - began) })
  }

  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer> {
    const head = headOf(request)
    try {
      signal.throwIfAborted()
      const handler = this.#protocol.handlerFor(head)
      const answer = (body: Buffer) =>
        this.#admission.run(async () => {
          signal.throwIfAborted()
          return handler.answer({ ...head, body, signal })
        })
      return await (handler.readsBody ? this.#bodies.with(request, answer) : answer(NOTHING))
    } catch (error) {
      const refusal = this.#protocol.refuse(error, head)
      if (refusal.status >= 500 && refusal.status !== 501 && !signal.aborted)
        this.#log.error(`${request.method} ${request.url}: ${whyOf(error)}`, { status: refusal.status })
      return refusal
    }
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    { status, headers = {}, body = '', stream }: HttpAnswer,
    controller: AbortController,
  ): Promise<void> {
    const sendHeaders = (length: Record<string, number>) =>
      response.writeHead(status, { ...headers, ...length, ...(this.#closing ? { Connection: 'close' } : {}) })
    // A client that still sends is not cut off, or it might not see the answer. What it sends is thrown away, until the
    // request has taken too long.
    if (!request.complete) request.resume()
    if (!stream) {
      sendHeaders(status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) })
      response.end(request.method === 'HEAD' ? undefined : body)
      return
    }
    this.#streams.add(controller)
    try {
      if (this.#closing) controller.abort(new ServerEnds())
      await sendStream(response, stream, controller.signal, () => sendHeaders({}))
    } finally {
      this.#streams.delete(controller)
    }
  }

  /** What is no HTTP, or takes too long. */
  #refuseClient({ code = '', message }: NodeJS.ErrnoException, socket: Socket): void {
    this.#log.debug(`a client sends what is no request: ${message}`)
    if (!socket.writable || this.#connections.isAnswering(socket)) {
      socket.destroy()
      return
    }
    const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
    const { headers = {}, body = '' } = this.#protocol.refuse(new HttpError(status, sayUnread(status, message)))
    const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' })
    socket.end(
      [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        ...lines.map(([name, value]) => `${name}: ${value}`),
        '',
        body,
      ].join('\r\n'),
    )
  }
}

const NOTHING = Buffer.alloc(0)

const sayUnread = (status: number, message: string): string =>
  status === 431
    ? `The headers are longer than ${LONGEST_HEADERS} bytes.`
    : status === 408
      ? 'The request did not come to its end in time.'
      : `This is no request of HTTP/1.1: ${message}.`

function headOf({ method = '', url = '', headers }: IncomingMessage): HttpHead {
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(url) ?? []
  return { method, path, query: new URLSearchParams(query), headers }
}

const whyOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
