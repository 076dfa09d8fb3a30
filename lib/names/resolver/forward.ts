import { randomInt } from 'node:crypto'
import { askByTcp, askByUdp, type Asked, type InHost } from './ask.js'
import { idOf, isTruncated, RCODE, rcodeOf, withId, type Query } from './message.js'

export type Transport = 'udp' | 'tcp'

/** Nameservers that one question is taken to; as docker, and what glibc itself would ask (MAXNS). */
const MOST_UPSTREAMS = 3
/** For all of them together: less than the 5 s after which glibc asks again. */
const MILLISECONDS = 4000
/** Questions under way at once, each of which has a socket. */
const MOST_OUTSTANDING = 1024

/** Takes questions that nobody here can answer to other nameservers. */
export class Forwarder {
  readonly #inHost: InHost
  /** Addresses never asked: a resolver that asks itself asks for ever. */
  readonly #own: ReadonlySet<string>
  readonly #pending = new Set<() => void>()
  #outstanding = 0
  #closed = false

  constructor(inHost: InHost, own: Iterable<string>) {
    this.#inHost = inHost
    this.#own = new Set(own)
  }

  /**
   * The first response that is neither SERVFAIL nor REFUSED, byte for byte; else the code to answer with.
   *
   * @param transport - How the client asked. One that asks by TCP expects more than UDP can carry.
   */
  async forward(query: Query, upstreams: readonly string[], transport: Transport): Promise<Buffer | number> {
    if (this.#outstanding >= MOST_OUTSTANDING) return RCODE.refused
    this.#outstanding++
    try {
      const servers = upstreams.filter((server) => !this.#own.has(server)).slice(0, MOST_UPSTREAMS)
      const deadline = performance.now() + MILLISECONDS
      for (const [index, server] of servers.entries()) {
        const share = (deadline - performance.now()) / (servers.length - index)
        const response = await this.#ask(query, server, transport, performance.now() + share)
        if (this.#closed) break
        if (!response || rcodeOf(response) === RCODE.serverFailure || rcodeOf(response) === RCODE.refused) continue
        return withId(response, idOf(query.bytes))
      }
      return RCODE.serverFailure
    } finally {
      this.#outstanding--
    }
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closed = true
    for (const giveUp of [...this.#pending]) giveUp()
  }

  async #ask(query: Query, server: string, transport: Transport, deadline: number): Promise<Buffer | undefined> {
    const asked = (): Asked => ({
      server,
      message: withId(query.bytes, randomInt(0x10000)),
      questionEnd: query.questionEnd,
      milliseconds: Math.max(deadline - performance.now(), 0),
      inHost: this.#inHost,
      pending: this.#pending,
    })
    if (transport === 'tcp') return askByTcp(asked())
    const short = await askByUdp(asked())
    if (!short || !isTruncated(short) || this.#closed) return short
    // Not every client can ask again by TCP. What is too long for it is its own to ask for; the short answer says so.
    const whole = await askByTcp(asked())
    return whole && whole.length <= query.udpSize ? whole : short
  }
}
