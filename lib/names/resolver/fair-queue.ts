import { clock, setImmediate } from '../../base/timers.js'

/** Questions that wait, in all: what comes past it takes the place of one that the asker with most has waiting. */
const MOST_WAITING = 4096
/** Questions that wait for the directory at once. */
const MOST_AT_WORK = 256
/**
 * Milliseconds of work before the event loop gets control back: fewer questions than it reads meanwhile. So what is too
 * much waits here, where it is seen whose it is, and not in the kernel's buffer, where it would be in the way of
 * others.
 */
const SLICE_MS = 0.1

export interface Work {
  /** A promise only where there is something to wait for. */
  run(): Promise<void> | undefined
  /** Called instead of `run` when there are too many. */
  drop(): void
}

/** Work that waits, by owner. Each owner has a turn after the other, however much one of them has waiting. */
export class FairQueue {
  /** In the order of their turns. */
  readonly #waiting = new Map<string, Work[]>()
  #length = 0
  #atWork = 0
  #scheduled = false

  add(owner: string, work: Work): void {
    const own = this.#waiting.get(owner)
    if (this.#length >= MOST_WAITING && !this.#makeRoom(own?.length ?? 0)) return work.drop()
    if (own) own.push(work)
    else this.#waiting.set(owner, [work])
    this.#length++
    this.#schedule()
  }

  /** What is added meanwhile begins at once, and not in another turn of the event loop. */
  together(add: () => void): void {
    const scheduled = this.#scheduled
    this.#scheduled = true
    add()
    this.#scheduled = scheduled
    // Where a turn is on its way, it takes what is left.
    if (this.#length > 0 && this.#atWork < MOST_AT_WORK) this.#work()
    this.#schedule()
  }

  /** How much of an owner waits. */
  waiting(owner: string): number {
    return this.#waiting.get(owner)?.length ?? 0
  }

  #schedule(): void {
    if (this.#scheduled || this.#length === 0 || this.#atWork >= MOST_AT_WORK) return
    this.#scheduled = true
    setImmediate(() => this.#run())
  }

  #run(): void {
    this.#scheduled = false
    if (this.#length > 0) this.#work()
    this.#schedule()
  }

  #work(): void {
    const end = clock.now() + SLICE_MS
    do this.#next()
    while (this.#atWork < MOST_AT_WORK && this.#length > 0 && clock.now() < end)
  }

  #next(): void {
    const [first] = this.#waiting
    if (!first) return
    const [owner, works] = first
    const work = works.shift()
    this.#waiting.delete(owner)
    if (works.length > 0) this.#waiting.set(owner, works)
    this.#length--
    const pending = work?.run()
    if (!pending) return
    this.#atWork++
    void pending.finally(() => {
      this.#atWork--
      this.#schedule()
    })
  }

  /** Drops the newest of the owner with most, unless the one that comes would have as many. */
  #makeRoom(own: number): boolean {
    let largest: Work[] | undefined
    for (const works of this.#waiting.values()) if (works.length > (largest?.length ?? 0)) largest = works
    if (!largest || largest.length <= own + 1) return false
    largest.pop()?.drop()
    this.#length--
    return true
  }
}
