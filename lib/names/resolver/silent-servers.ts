import { clock } from '../../base/timers.js'
/** Milliseconds for which a nameserver that said nothing is asked after the others. */
const MEMORY_MS = 30_000
/** Entries: a network has few askers whose nameservers are silent, and three nameservers each. */
const MOST = 4096

/**
 * Nameservers that were silent lately, as one asker has seen it: questions that take long outside (a tenant's own
 * domain may be slow on purpose) tell nothing to the others. An answer to any asker ends it.
 */
export class SilentServers {
  /** When it is over, by asker and server; the oldest first. */
  readonly #until = new Map<string, number>()
  /** When a server was last heard. */
  readonly #heard = new Map<string, number>()

  /** The servers, those that are silent after the others. */
  last(asker: string, servers: readonly string[]): string[] {
    const silent = servers.filter((server) => this.#isSilent(asker, server))
    return [...servers.filter((server) => !silent.includes(server)), ...silent]
  }

  heard(server: string): void {
    this.#heard.delete(server)
    this.#heard.set(server, clock.now())
    dropOldest(this.#heard)
  }

  /** It has not answered a question that it was asked at `began`. */
  waited(asker: string, server: string, began: number): void {
    // Others have heard it meanwhile: the question was at fault.
    if ((this.#heard.get(server) ?? -Infinity) >= began) return
    const key = keyOf(asker, server)
    this.#until.delete(key)
    this.#until.set(key, clock.now() + MEMORY_MS)
    dropOldest(this.#until)
  }

  #isSilent(asker: string, server: string): boolean {
    const key = keyOf(asker, server)
    const until = this.#until.get(key)
    if (until === undefined) return false
    const now = clock.now()
    if (until - MEMORY_MS < (this.#heard.get(server) ?? -Infinity)) {
      this.#until.delete(key)
      return false
    }
    if (now < until) return true
    // One question tries whether it is back. Until that has been waited for, others go on as before.
    this.#until.set(key, now + MEMORY_MS)
    return false
  }
}

const keyOf = (asker: string, server: string) => `${server} ${asker}`

function dropOldest(map: Map<string, number>): void {
  const [oldest] = map.size > MOST ? map.keys() : []
  if (oldest !== undefined) map.delete(oldest)
}
