import type { Host } from '../host.js'
import type { Protocol } from '../plan/operation.js'
import { readEphemeralPorts, type EphemeralPorts } from './ephemeral-ports.js'

/**
 * Host ports for mappings that name none: from the kernel's ephemeral range without the reserved ones, walking on
 * from the last one given, as docker does.
 */
export class DynamicPorts {
  readonly #host: Host
  #range: Promise<EphemeralPorts> | undefined
  #next = 0

  constructor(host: Host) {
    this.#host = host
  }

  /** A port that `isFree`; `undefined` when none is. The caller claims it, and asks again when that is refused. */
  async choose(protocol: Protocol, isFree: (protocol: Protocol, port: number) => boolean): Promise<number | undefined> {
    const { first, last, reserved } = await (this.#range ??= readEphemeralPorts(this.#host))
    for (let tried = 0; tried <= last - first; tried++) {
      const port = this.#next < first || this.#next > last ? first : this.#next
      this.#next = port + 1
      if (!reserved.has(port) && isFree(protocol, port)) return port
    }
    return undefined
  }
}
