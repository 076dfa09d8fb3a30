import type { Host } from '../../kernel/host.js'
import { readEphemeralPorts } from './ephemeral-ports.js'
import type { PortRange } from '../../base/port-mapping.js'

/** Of so many ranges that callers name, it is known where to walk on. */
const RANGES = 256

/**
 * Host ports for mappings that name none, or a range: from the kernel's ephemeral range without the reserved ones, or
 * from the range named, walking on from the last one given, as docker does.
 */
export class DynamicPorts {
  readonly #host: Host
  #ephemeral: { range: PortRange; reserved: ReadonlySet<number> } | undefined
  #reading: Promise<void> | undefined
  readonly #next = new Map<string, number>()

  constructor(host: Host) {
    this.#host = host
  }

  /** The kernel's ephemeral range; `undefined` until {@link read} has ended once. */
  get ephemeral(): PortRange | undefined {
    return this.#ephemeral?.range
  }

  /** Reads the kernel's ephemeral range. @throws {SlipwayError} `KERNEL` */
  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /**
   * A port that `isFree`, of a range that is named or else of the ephemeral one; `undefined` when none is. The caller
   * claims it, and asks again when that is refused.
   */
  choose(range: PortRange, isFree: (port: number) => boolean): number | undefined {
    const [first, last] = range
    const reserved = range === this.#ephemeral?.range ? this.#ephemeral.reserved : undefined
    const name = range.join('-')
    let port = this.#next.get(name) ?? first
    for (let tried = first; tried <= last; tried++) {
      const candidate = port
      port = port === last ? first : port + 1
      if (reserved?.has(candidate) || !isFree(candidate)) continue
      this.#walkOn(name, port)
      return candidate
    }
    return undefined
  }

  /** Walks on from another place of a range, out of the way of others who walk there. */
  leap([first, last]: PortRange): void {
    this.#walkOn(`${first}-${last}`, first + Math.floor(Math.random() * (last - first + 1)))
  }

  #walkOn(name: string, next: number): void {
    // What was asked for least recently stands first.
    this.#next.delete(name)
    this.#next.set(name, next)
    const [oldest] = this.#next.keys()
    if (this.#next.size > RANGES && oldest !== undefined) this.#next.delete(oldest)
  }

  async #read(): Promise<void> {
    const { first, last, reserved } = await readEphemeralPorts(this.#host)
    this.#ephemeral = { range: [first, last], reserved }
  }
}
