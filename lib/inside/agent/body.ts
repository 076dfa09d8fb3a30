import type { ClientRequest } from 'node:http'

/** What a request carries; undici takes all of these. */
export type RequestBody =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | FormData
  | AsyncIterable<unknown>
  | Iterable<unknown>
  | null
  | undefined

/** Sends it, and ends the request. @param fail - Is told what goes wrong with the body. */
export function sendBody(request: ClientRequest, body: RequestBody, fail: (error: Error) => void): void {
  if (body === null || body === undefined) return void request.end()
  if (typeof body === 'string' || body instanceof Uint8Array || body instanceof ArrayBuffer) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : new Uint8Array(body)
    // Node.js says it by itself for methods that usually have a body alone.
    if (!request.hasHeader('content-length')) request.setHeader('content-length', bytes.byteLength)
    return void request.end(bytes)
  }
  const { Readable, pipeline } = process.getBuiltinModule('node:stream')
  const stream = isForm(body) || body instanceof Blob ? streamOf(request, body) : body
  if (!request.hasHeader('content-length') && !request.hasHeader('transfer-encoding'))
    request.setHeader('transfer-encoding', 'chunked')
  pipeline(Readable.from(stream as AsyncIterable<unknown>), request, (error) => {
    // Of the request itself, it hears by itself.
    if (error && !request.destroyed) fail(error)
  })
}

/** Of the package undici, too, which has forms of its own. */
const isForm = (body: object): body is FormData =>
  (body as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'FormData'

function streamOf(request: ClientRequest, body: Blob | FormData): AsyncIterable<Uint8Array> {
  // It knows how forms are written.
  const { headers, body: stream } = new Response(isForm(body) ? ownForm(body) : body)
  const type = headers.get('content-type')
  if (type && !request.hasHeader('content-type')) request.setHeader('content-type', type)
  if ('size' in body && !request.hasHeader('content-length')) request.setHeader('content-length', body.size)
  return stream as unknown as AsyncIterable<Uint8Array>
}

function ownForm(form: FormData): FormData {
  if (form instanceof FormData) return form
  const own = new FormData()
  for (const [name, value] of form as Iterable<[string, string]>) own.append(name, value)
  return own
}
