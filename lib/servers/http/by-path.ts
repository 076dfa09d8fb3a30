import type { HttpAnswer, HttpHandler, HttpHead, Protocol } from './protocol.js'

/** Several protocols at one address: which is spoken, the path says. */
export class ByPath implements Protocol {
  readonly #others: ReadonlyMap<string, Protocol>
  readonly #rest: Protocol

  /** @param others - By their whole path. @param rest - Of all other paths. */
  constructor(others: ReadonlyMap<string, Protocol>, rest: Protocol) {
    this.#others = others
    this.#rest = rest
  }

  handlerFor(head: HttpHead): HttpHandler {
    return this.#protocolFor(head).handlerFor(head)
  }

  refuse(error: unknown, head?: HttpHead): HttpAnswer {
    return (head ? this.#protocolFor(head) : this.#rest).refuse(error, head)
  }

  #protocolFor({ path }: HttpHead): Protocol {
    return this.#others.get(path) ?? this.#rest
  }
}
