import type { Host } from '../host.js'
import { PlanRefused } from '../host.js'

/** The kernel takes down a namespace that nobody holds within milliseconds; who holds one longer is a process inside. */
const PATIENCE_MS = 1000

/**
 * Looks after links of removed sandboxes. They go with their namespace; where a process keeps that alive, its link is
 * deleted, so that it is off the network as a removed sandbox should be.
 */
export class Reaper {
  readonly #host: Host
  readonly #links = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** Takes care of a link, later. Does not keep the process alive: the next open() would do it, too. */
  watch(link: string): void {
    this.#links.add(link)
    this.#timer ??= setTimeout(() => void this.#sweep(), PATIENCE_MS).unref()
  }

  async #sweep(): Promise<void> {
    const links = [...this.#links]
    this.#links.clear()
    this.#timer = undefined
    for (const link of links) await this.#reap(link).catch(() => undefined)
  }

  async #reap(link: string): Promise<void> {
    if (!(await this.#host.find('link', { name: link }))) return
    try {
      await this.#host.run([{ op: 'link.delete', name: link }])
    } catch (error) {
      if (!(error instanceof PlanRefused && error.errnoName === 'ENODEV')) throw error
    }
  }

  /** Forgets what is being watched; with `wait`, after seeing to it that every link is gone. */
  async close(wait: boolean): Promise<void> {
    clearTimeout(this.#timer)
    const deadline = Date.now() + PATIENCE_MS
    for (const link of wait ? this.#links : []) {
      while ((await this.#host.find('link', { name: link })) && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await this.#reap(link)
    }
    this.#links.clear()
  }
}
