import { deleteLinks } from '../drivers/removal-plans.js'
import type { Host } from '../kernel/host.js'
import { removeWhatIsThere } from '../claims/remove-if-there.js'
import { Slices } from '../admission/slices.js'
import { clearTimeout, clock, now, setTimeout, sleep } from '../base/timers.js'

/**
 * The kernel takes down a namespace that nobody holds within milliseconds; who holds one longer is a process inside.
 */
const PATIENCE_MS = 1000
/**
 * So often those that have had their time are looked for: a look for each by itself would keep the executor's thread
 * from its work.
 */
const SWEEP_MS = 500
/** Who waits for one waits less. */
const HURRY_MS = 50
/** Between two looks, for who waits. */
const STEP_MS = 5
/** So many are asked for at once. */
const CHUNK = 512

/** A link that goes, and what goes with it. */
export interface Going {
  link: string
  /**
   * What the sandbox had: free for others once the bridge has forgotten where they were, which is when the link is
   * gone.
   */
  addresses: readonly string[]
  /** Called when it is gone. */
  release(): unknown
}

interface Watched extends Going {
  /** When it began to go, by the monotonic clock. */
  since: number
}

/**
 * Looks after links of removed sandboxes. They go with their namespace; where a process keeps that alive, its link is
 * deleted, so that it is off the network as a removed sandbox should be.
 */
export class Reaper {
  readonly #host: Host
  readonly #going = new Map<string, Watched>()
  #timer: NodeJS.Timeout | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** Takes care of a link, later. Does not keep the process alive: the next open() would do it, too. */
  watch(going: Going): void {
    this.#going.set(going.link, { ...going, since: clock.now() })
    this.#schedule()
  }

  /** Until links that go have gone: those of an address, or all. Returns whether there was something to wait for. */
  async awaitGone(address?: string): Promise<boolean> {
    const meant = [...this.#going.values()].filter(
      ({ addresses }) => address === undefined || addresses.includes(address),
    )
    if (meant.length > 0) await this.#reap(meant, now() + HURRY_MS)
    return meant.length > 0
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.#sweep(), SWEEP_MS).unref()
  }

  /** Sees to those that have had their time. */
  async #sweep(): Promise<void> {
    this.#timer = undefined
    try {
      const due = clock.now() - PATIENCE_MS
      await this.#reap([...this.#going.values()].filter(({ since }) => since <= due))
    } catch {
      // What was refused is tried again.
    }
    if (this.#going.size > 0) this.#schedule()
  }

  /** Waits until then, and deletes what is there still. */
  async #reap(meant: readonly Watched[], deadline = 0): Promise<void> {
    let left = meant
    for (;;) {
      left = await this.#letGo(left)
      if (left.length === 0 || now() > deadline) break
      await sleep(STEP_MS)
    }
    if (left.length === 0) return
    await removeWhatIsThere(this.#host, deleteLinks(left.map(({ link }) => link)), { background: true })
    for (const going of left) await this.#release(going)
  }

  /** Releases what is gone. @returns What is there still. */
  async #letGo(meant: readonly Watched[]): Promise<Watched[]> {
    const left: Watched[] = []
    for (let first = 0; first < meant.length; first += CHUNK) {
      const some = meant.slice(first, first + CHUNK)
      const there = new Set(
        (await this.#host.ask('present', { names: some.map(({ link }) => link).join('\n') })).split('\n'),
      )
      const slices = new Slices()
      for (const going of some) {
        if (there.has(going.link)) left.push(going)
        else await this.#release(going)
        const pause = slices.next()
        if (pause) await pause
      }
    }
    return left
  }

  #release(going: Watched): unknown {
    if (this.#going.get(going.link) !== going) return undefined
    this.#going.delete(going.link)
    return going.release()
  }

  /** Forgets what is being watched; with `wait`, after seeing to it that every link is gone. */
  async close(wait: boolean): Promise<void> {
    clearTimeout(this.#timer)
    if (wait) await this.#reap([...this.#going.values()], now() + PATIENCE_MS)
    this.#going.clear()
  }
}
