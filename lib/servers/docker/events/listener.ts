import { Queue } from '../../../base/queue.js'
import type { DockerEvent } from './message.js'

/** So many events wait for a client that does not read. */
const MOST = 1000

/** A client that listens. It is given up once it is too slow. */
export class Listener {
  readonly #events = new Queue<DockerEvent>()
  #wake: () => void = () => undefined
  #isOver = false

  tell(event: DockerEvent): void {
    if (this.#isOver) return
    if (this.#events.length >= MOST) this.end()
    else {
      this.#events.push(event)
      this.#wake()
    }
  }

  /** Nothing comes any more; what has come is taken still. */
  readonly end = (): void => {
    this.#isOver = true
    this.#wake()
  }

  /** The next one; `undefined` at the end. */
  async next(): Promise<DockerEvent | undefined> {
    for (;;) {
      const event = this.#events.shift()
      if (event ?? this.#isOver) return event
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
