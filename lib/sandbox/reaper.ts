import { deleteLinks } from '../drivers/leaving.js'
import type { Host } from '../host.js'
import { removeWhatIsThere } from '../reconcile/collect.js'

/** The kernel takes down a namespace that nobody holds within milliseconds; who holds one longer is a process inside. */
const PATIENCE_MS = 1000
/** Who waits for one waits less. */
const HURRY_MS = 50
/** Between two looks, for who waits. */
const STEP_MS = 5
/** More links than this are looked for in a list of all. */
const FEW = 8

/** A link that goes, and what goes with it. */
export interface Going {
  link: string
  /** What the sandbox had: free for others once the bridge has forgotten where they were, which is when the link is gone. */
  addresses: readonly string[]
  /** Called when it is gone. */
  release(): unknown
}

/**
 * Looks after links of removed sandboxes. They go with their namespace; where a process keeps that alive, its link is
 * deleted, so that it is off the network as a removed sandbox should be.
 */
export class Reaper {
  readonly #host: Host
  readonly #going = new Map<string, Going>()
  #timer: NodeJS.Timeout | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** Takes care of a link, later. Does not keep the process alive: the next open() would do it, too. */
  watch(going: Going): void {
    this.#going.set(going.link, going)
    this.#schedule()
  }

  /** Until links that go have gone: those of an address, or all. Returns whether there was something to wait for. */
  async awaitGone(address?: string): Promise<boolean> {
    const meant = [...this.#going.values()].filter(({ addresses }) => address === undefined || addresses.includes(address))
    if (meant.length > 0) await this.#reap(meant, Date.now() + HURRY_MS)
    return meant.length > 0
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.#sweep(), PATIENCE_MS).unref()
  }

  async #sweep(): Promise<void> {
    this.#timer = undefined
    try {
      await this.#reap([...this.#going.values()])
    } catch {
      this.#schedule()
    }
  }

  /** Waits until then, and deletes what is there still. */
  async #reap(meant: readonly Going[], deadline = 0): Promise<void> {
    let left = meant
    for (;;) {
      const there = await this.#there(left)
      for (const going of left) if (!there.includes(going)) await this.#release(going)
      left = there
      if (left.length === 0 || Date.now() > deadline) break
      await new Promise((resolve) => setTimeout(resolve, STEP_MS))
    }
    if (left.length === 0) return
    await removeWhatIsThere(this.#host, deleteLinks(left.map(({ link }) => link)), { aside: true })
    for (const going of left) await this.#release(going)
  }

  async #there(going: readonly Going[]): Promise<Going[]> {
    if (going.length > FEW) {
      const names = new Set((await this.#host.ask('links', {})).map(({ name }) => name))
      return going.filter(({ link }) => names.has(link))
    }
    const there: Going[] = []
    for (const one of going) if (await this.#host.find('link', { name: one.link })) there.push(one)
    return there
  }

  async #release(going: Going): Promise<void> {
    if (this.#going.get(going.link) !== going) return
    this.#going.delete(going.link)
    await going.release()
  }

  /** Forgets what is being watched; with `wait`, after seeing to it that every link is gone. */
  async close(wait: boolean): Promise<void> {
    clearTimeout(this.#timer)
    if (wait) await this.#reap([...this.#going.values()], Date.now() + PATIENCE_MS)
    this.#going.clear()
  }
}
