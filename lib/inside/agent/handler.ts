import type { Duplex } from 'node:stream'

/** Whoever has called `dispatch()`: undici's `fetch` and `request` are such, in two forms. */
export type DispatchHandler = OlderHandler & NewerHandler

/** Of undici up to 7, and of Node.js up to 25. */
interface OlderHandler {
  onConnect?(abort: (reason?: unknown) => void, context?: unknown): void
  onHeaders?(status: number, headers: Buffer[], resume: () => void, message: string): boolean | void
  onData?(chunk: Buffer): boolean | void
  onComplete?(trailers: Buffer[]): void
  onError?(error: Error): void
  onUpgrade?(status: number, headers: Buffer[] | null, socket: Duplex): void
  onResponseStarted?(): void
}

/** Of undici 7 and later. */
interface NewerHandler {
  onRequestStart?(controller: Controller, context: unknown): void
  onRequestUpgrade?(controller: Controller, status: number, headers: HeaderLists, socket: Duplex): void
  onResponseStart?(controller: Controller, status: number, headers: HeaderLists, message?: string): void
  onResponseData?(controller: Controller, chunk: Buffer): void
  onResponseEnd?(controller: Controller, trailers: HeaderLists): void
  onResponseError?(controller: Controller, error: Error): void
}

type HeaderLists = Record<string, string | string[]>

/** What a newer handler steers the response with. */
interface Controller {
  readonly aborted: boolean
  readonly paused: boolean
  readonly reason: unknown
  rawHeaders: Buffer[] | null
  rawTrailers: Buffer[] | null
  abort(reason?: unknown): void
  pause(): void
  resume(): void
}

/** What is done with a request that is under way. */
export interface Steering {
  abort(reason: unknown): void
  pause(): void
  resume(): void
}

/** A handler of either form. */
export interface Listener {
  start(): void
  /** Of an interim response (1xx), too. */
  head(status: number, rawHeaders: readonly string[], message: string): void
  data(chunk: Buffer): void
  end(rawTrailers: readonly string[]): void
  fail(error: Error): void
  /** False where nobody takes it. */
  upgrade(status: number, rawHeaders: readonly string[], socket: Duplex): boolean
}

export const listenerOf = (handler: DispatchHandler, steering: Steering): Listener =>
  typeof handler.onRequestStart === 'function' || typeof handler.onResponseStart === 'function'
    ? newer(handler, steering)
    : older(handler, steering)

const bytesOf = (raw: readonly string[]): Buffer[] => raw.map((text) => Buffer.from(text, 'latin1'))

function listsOf(raw: readonly string[]): HeaderLists {
  const lists: HeaderLists = {}
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase()
    const value = raw[at + 1] ?? ''
    const known = Object.hasOwn(lists, name) ? lists[name] : undefined
    lists[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value]
  }
  return lists
}

function older(handler: OlderHandler, { abort, pause, resume }: Steering): Listener {
  return {
    start: () => handler.onConnect?.(abort, null),
    head(status, raw, message) {
      if (status >= 200) handler.onResponseStarted?.()
      if (handler.onHeaders?.(status, bytesOf(raw), resume, message) === false) pause()
    },
    data(chunk) {
      if (handler.onData?.(chunk) === false) pause()
    },
    end: (raw) => handler.onComplete?.(bytesOf(raw)),
    fail: (error) => handler.onError?.(error),
    upgrade(status, raw, socket) {
      handler.onUpgrade?.(status, bytesOf(raw), socket)
      return handler.onUpgrade !== undefined
    },
  }
}

function newer(handler: NewerHandler, steering: Steering): Listener {
  let aborted = false
  let paused = false
  let why: unknown
  const controller: Controller = {
    get aborted() {
      return aborted
    },
    get paused() {
      return paused
    },
    get reason() {
      return why
    },
    rawHeaders: null,
    rawTrailers: null,
    abort(reason) {
      if (aborted) return
      aborted = true
      why = reason
      steering.abort(reason)
    },
    pause() {
      paused = true
      steering.pause()
    },
    resume() {
      paused = false
      steering.resume()
    },
  }
  return {
    start: () => handler.onRequestStart?.(controller, null),
    head(status, raw, message) {
      controller.rawHeaders = bytesOf(raw)
      handler.onResponseStart?.(controller, status, listsOf(raw), message)
    },
    data: (chunk) => handler.onResponseData?.(controller, chunk),
    end(raw) {
      controller.rawTrailers = bytesOf(raw)
      handler.onResponseEnd?.(controller, listsOf(raw))
    },
    fail: (error) => handler.onResponseError?.(controller, error),
    upgrade(status, raw, socket) {
      controller.rawHeaders = bytesOf(raw)
      handler.onRequestUpgrade?.(controller, status, listsOf(raw), socket)
      return handler.onRequestUpgrade !== undefined
    },
  }
}
