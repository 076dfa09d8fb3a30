/** What a service is asked by signals: to end, at most once in peace, and to read its settings again. */
export class Signals {
  readonly #controller = new AbortController()
  #reload: () => void = () => undefined
  readonly stopped: Promise<void>

  constructor() {
    const { signal } = this.#controller
    this.stopped = new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
    process.on('SIGTERM', this.#end).on('SIGINT', this.#end).on('SIGHUP', this.#read)
  }

  /** Aborted by SIGTERM or SIGINT. */
  get stop(): AbortSignal {
    return this.#controller.signal
  }

  onReload(reload: () => void): void {
    this.#reload = reload
  }

  close(): void {
    process.off('SIGTERM', this.#end).off('SIGINT', this.#end).off('SIGHUP', this.#read)
  }

  /** The second one ends the process at once, as it would have without this. */
  readonly #end = () => {
    process.off('SIGTERM', this.#end).off('SIGINT', this.#end)
    this.#controller.abort()
  }

  readonly #read = () => this.#reload()
}
