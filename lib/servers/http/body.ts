import type { IncomingMessage } from 'node:http'
import { clearTimeout, setTimeout } from '../../base/timers.js'
import { badRequest, HttpError } from './http-error.js'

/** In bytes: JSON of this length is read in some 2 ms. A request about a network has some hundred. */
const LONGEST = 256 << 10
/** So many bytes of bodies are held at a time, of all requests together. */
const MOST_HELD = 32 << 20
/** A body that takes longer is of a client that has stopped, or of one that never ends. */
const DEADLINE_MS = 10_000

/** Reads the bodies of a server's requests, with bounds for each and for all of them. */
export class Bodies {
  #held = 0
  readonly #deadline: number

  constructor(deadline: number = DEADLINE_MS) {
    this.#deadline = deadline
  }

  /** How many bytes are held. */
  get held(): number {
    return this.#held
  }

  /**
   * Reads a body, and gives it to what needs it.
   *
   * @throws {HttpError} 413 for one that is too long, 408 for one that does not end, 503 where there are too many, 400
   * where the client goes away. And what `use` throws.
   */
  async with<T>(request: IncomingMessage, use: (body: Buffer) => Promise<T>): Promise<T> {
    const chunks: Buffer[] = []
    let length = 0
    try {
      if (Number(request.headers['content-length'] ?? 0) > LONGEST) throw tooLong()
      await this.#read(request, (chunk) => {
        length += chunk.length
        this.#held += chunk.length
        if (length > LONGEST) throw tooLong()
        if (this.#held > MOST_HELD)
          throw new HttpError(503, 'Too many bodies of requests are being read at this moment. Try again.')
        chunks.push(chunk)
      })
      return await use(Buffer.concat(chunks))
    } finally {
      this.#held -= length
    }
  }

  #read(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => end(new HttpError(408, `The body did not come to its end within ${this.#deadline / 1000} s.`)),
        this.#deadline,
      )
      const end = (error?: unknown) => {
        clearTimeout(timer)
        request.off('data', receive).off('end', end).off('close', gone).pause()
        if (error === undefined) resolve()
        else reject(error)
      }
      const receive = (chunk: Buffer) => {
        try {
          take(chunk)
        } catch (error) {
          end(error)
        }
      }
      const gone = () => end(badRequest('The client went away before the end of the body.'))
      request
        .on('data', receive)
        .once('end', () => end())
        .once('close', gone)
      // What is wrong with the connection is followed by `close`.
      request.on('error', () => undefined)
    })
  }
}

const tooLong = () => new HttpError(413, `The body is longer than ${LONGEST} bytes.`)

/** Whether a request says that it has a body. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
