import { clock } from '../../base/timers.js'
import type { HttpAnswer, HttpHandler, HttpHead, Protocol } from '../http/protocol.js'

/** What is told of each request that is answered or refused. */
export interface RequestTally {
  /** @param seconds - From its turn on, to its answer, or to the beginning of one that is streamed. */
  answered(request: { protocol: string; method: string; status: number; seconds: number }): void
  /** What kept it from being done. */
  refused(request: { protocol: string; error: unknown }): void
}

/** Measures a protocol, which notices nothing of it. */
export class Measured implements Protocol {
  readonly #name: string
  readonly #protocol: Protocol
  readonly #tally: RequestTally

  /** @param name - What the protocol is called in metrics. */
  constructor(name: string, protocol: Protocol, tally: RequestTally) {
    this.#name = name
    this.#protocol = protocol
    this.#tally = tally
  }

  handlerFor(head: HttpHead): HttpHandler {
    const handler = this.#protocol.handlerFor(head)
    return {
      readsBody: handler.readsBody,
      answer: async (request) => {
        const began = clock.now()
        const answer = await handler.answer(request)
        const seconds = (clock.now() - began) / 1000
        this.#tally.answered({ protocol: this.#name, method: head.method, status: answer.status, seconds })
        return answer
      },
    }
  }

  refuse(error: unknown, head?: HttpHead): HttpAnswer {
    this.#tally.refused({ protocol: this.#name, error })
    return this.#protocol.refuse(error, head)
  }
}
