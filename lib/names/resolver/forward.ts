import { clock } from '../../base/timers.js'
import { randomInt } from 'node:crypto'
import { askByTcp, askByUdp, type Asked, type InHost } from './ask.js'
import { idOf, isTruncated, RCODE, rcodeOf, withId, withQuestion, type Query } from './message.js'
import type { Places } from './places.js'
import { SilentServers } from './silent-servers.js'

export type Transport = 'udp' | 'tcp'

/** Nameservers that one question is taken to; as docker, and what glibc itself would ask (MAXNS). */
const MOST_UPSTREAMS = 3
/** For all of them together: less than the 5 s after which glibc asks again. */
const MILLISECONDS = 4000

/** A question that other nameservers are asked. */
interface UnderWay {
  /** What is asked at the moment, each as a function that gives it up. */
  pending: Set<() => void>
  /** Its place went to another asker, or nobody needs the answer. */
  givenUp: boolean
}

/** Takes questions that nobody here can answer to other nameservers. */
export class Forwarder {
  readonly #inHost: InHost
  /** Addresses never asked: a resolver that asks itself asks for ever. */
  readonly #own: ReadonlySet<string>
  readonly #places: Places
  readonly #silent = new SilentServers()
  readonly #underWay = new Set<UnderWay>()

  /** @param places - Questions under way at once, each of which has a socket. */
  constructor(inHost: InHost, own: Iterable<string>, places: Places) {
    this.#inHost = inHost
    this.#own = new Set(own)
    this.#places = places
  }

  /**
   * The first response that is neither SERVFAIL nor REFUSED, byte for byte; else the last of those, or the code to
   * answer with.
   *
   * @param asker - The sandbox whose question it is: it counts against its share.
   * @param transport - How the client asked. One that asks by TCP expects more than UDP can carry.
   */
  async forward(
    query: Query,
    asker: string,
    upstreams: readonly string[],
    transport: Transport,
  ): Promise<Buffer | number> {
    const underWay: UnderWay = { pending: new Set(), givenUp: false }
    const release = this.#places.take(asker, () => giveUp(underWay))
    if (!release) return RCODE.refused
    this.#underWay.add(underWay)
    try {
      const usable = upstreams.filter((server) => !this.#own.has(server)).slice(0, MOST_UPSTREAMS)
      const servers = this.#silent.last(asker, usable)
      const deadline = clock.now() + MILLISECONDS
      let failure: Buffer | undefined
      for (const [index, server] of servers.entries()) {
        const began = clock.now()
        const share = (deadline - began) / (servers.length - index)
        // Told by the timer: to measure the time would take one that comes a little early for an answer.
        let wasSilent = false
        const response = await this.#ask(underWay, query, server, transport, began + share, () => {
          wasSilent = true
        })
        if (response) this.#silent.heard(server)
        if (underWay.givenUp) return RCODE.refused
        if (!response && wasSilent) this.#silent.waited(asker, server, began)
        if (!response) continue
        const own = withId(withQuestion(response, query), idOf(query.bytes))
        if (rcodeOf(response) !== RCODE.serverFailure && rcodeOf(response) !== RCODE.refused) return own
        failure = own
      }
      return failure ?? RCODE.serverFailure
    } finally {
      this.#underWay.delete(underWay)
      release()
    }
  }

  /** Gives up what is under way. */
  close(): void {
    for (const underWay of [...this.#underWay]) giveUp(underWay)
  }

  async #ask(
    underWay: UnderWay,
    query: Query,
    server: string,
    transport: Transport,
    deadline: number,
    silent: () => void,
  ): Promise<Buffer | undefined> {
    const asked = (): Asked => ({
      server,
      message: withId(query.bytes, randomInt(0x10000)),
      questionEnd: query.questionEnd,
      milliseconds: Math.max(deadline - clock.now(), 0),
      silent,
      inHost: this.#inHost,
      pending: underWay.pending,
    })
    if (transport === 'tcp') return askByTcp(asked())
    const short = await askByUdp(asked())
    if (!short || !isTruncated(short) || underWay.givenUp) return short
    // Not every client can ask again by TCP. What is too long for it is its own to ask for; the short answer says so.
    const whole = await askByTcp(asked())
    return whole && whole.length <= query.udpSize ? whole : short
  }
}

function giveUp(underWay: UnderWay): void {
  underWay.givenUp = true
  for (const end of [...underWay.pending]) end()
}
