import { SlipwayError } from '../../base/errors.js'
import type { PortRange } from '../../base/port-mapping.js'

/** So many ports that were chosen may turn out to be taken, one plan after the other, before a call gives up. */
const MOST_REFUSED = 256

/** Host ports that one call has chosen for a sandbox, and what the kernel's refusals have told it. */
export class PortGuesses {
  readonly #chosen = new Map<string, PortRange>()
  /** Those among the chosen that turned out to be in use on the host. */
  readonly #refused = new Set<string>()
  /** Those that the caller named, and that were refused once. */
  readonly #doubted = new Set<string>()

  /** A new attempt: nothing is chosen. */
  begin(): void {
    if (this.#chosen.size > 0) this.#chosen.clear()
  }

  choose(protocol: string, port: number, range: PortRange): void {
    this.#chosen.set(`${protocol}/${port}`, range)
  }

  isRefused(protocol: string, port: number): boolean {
    return this.#refused.size > 0 && this.#refused.has(`${protocol}/${port}`)
  }

  /** Whether it is the first time that a port which the caller named was refused. */
  doubt(protocol: string, address: string, port: number): boolean {
    const name = `${protocol} ${address} ${port}`
    if (this.#doubted.has(name)) return false
    this.#doubted.add(name)
    return true
  }

  /**
   * The kernel has refused a port.
   *
   * @returns The range that it had been chosen from, if it had been.
   * @throws {SlipwayError} `EXHAUSTED` when that has happened too often.
   */
  refuse(protocol: string, port: number): PortRange | undefined {
    const name = `${protocol}/${port}`
    const range = this.#chosen.get(name)
    if (!range) return undefined
    this.#refused.add(name)
    if (this.#refused.size < MOST_REFUSED) return range
    throw new SlipwayError(
      'EXHAUSTED',
      `No free host port was found: ${MOST_REFUSED} that were tried, the last of them ${port}/${protocol}, are in use on the host (ss -Hlnptu tells by whom). Name a host port, or a range that is free.`,
    )
  }
}
