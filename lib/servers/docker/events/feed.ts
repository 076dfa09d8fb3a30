import type { Slipway } from '../../../api/slipway.js'
import { HttpError } from '../../http/http-error.js'
import { Listener } from './listener.js'
import { dockerEvents, type DockerEvent } from './message.js'

/** So many are remembered for clients that ask for what has been. Docker's. */
const REMEMBERED = 256
/** So many clients may listen at a time. */
const MOST_LISTENERS = 256

/** What happens on the host, in Docker's words, for all clients that listen. */
export class Feed {
  readonly #listeners = new Set<Listener>()
  #recent: DockerEvent[] = []

  /** Follows a host until that is closed. */
  constructor(slipway: Slipway) {
    void this.#follow(slipway)
  }

  /** What has been of late, oldest first. */
  get recent(): readonly DockerEvent[] {
    return this.#recent
  }

  /**
   * A client listens from now on.
   *
   * @param signal - Ends it.
   * @throws {HttpError} 503
   */
  listen(signal: AbortSignal): Listener {
    if (this.#listeners.size >= MOST_LISTENERS)
      throw new HttpError(503, `${MOST_LISTENERS} clients listen to events already. Try again when one has gone.`)
    const listener = new Listener()
    this.#listeners.add(listener)
    const end = () => {
      this.#listeners.delete(listener)
      listener.end()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
    return listener
  }

  /** What was asked for has come. */
  leave(listener: Listener): void {
    this.#listeners.delete(listener)
    listener.end()
  }

  async #follow(slipway: Slipway): Promise<void> {
    try {
      for await (const event of slipway.events({ type: ['sandbox', 'endpoint', 'network', 'host'] })) {
        // Some are not told: clients are to ask again what there is.
        if (event.action === 'skipped') this.#endAll()
        for (const one of dockerEvents(event)) this.#tell(one)
      }
    } finally {
      this.#endAll()
    }
  }

  #tell(event: DockerEvent): void {
    this.#recent.push(event)
    // Half of them at once: not all are moved for each.
    if (this.#recent.length > 2 * REMEMBERED) this.#recent = this.#recent.slice(-REMEMBERED)
    for (const listener of this.#listeners) listener.tell(event)
  }

  #endAll(): void {
    for (const listener of this.#listeners) listener.end()
    this.#listeners.clear()
  }
}
