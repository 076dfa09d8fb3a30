import type { Host } from '../host.js'
import type { Protocol } from '../plan/operation.js'

/**
 * Host ports for mappings that name none: from the kernel's ephemeral range without the reserved ones, walking on
 * from the last one given, as docker does.
 */
export class DynamicPorts {
  readonly #host: Host
  #range: Promise<{ first: number; last: number; reserved: Set<number> }> | undefined
  #next = 0

  constructor(host: Host) {
    this.#host = host
  }

  /** A port that `isFree`; `undefined` when none is. The caller claims it, and asks again when that is refused. */
  async choose(protocol: Protocol, isFree: (protocol: Protocol, port: number) => boolean): Promise<number | undefined> {
    const { first, last, reserved } = await (this.#range ??= this.#read())
    for (let tried = 0; tried <= last - first; tried++) {
      const port = this.#next < first || this.#next > last ? first : this.#next
      this.#next = port + 1
      if (!reserved.has(port) && isFree(protocol, port)) return port
    }
    return undefined
  }

  async #read() {
    const [first = 32768, last = 60999] = (await this.#host.ask('sysctl', { name: 'net.ipv4.ip_local_port_range' })).split(/\s+/).map(Number)
    const text = await this.#host.ask('sysctl', { name: 'net.ipv4.ip_local_reserved_ports' })
    const reserved = new Set<number>()
    for (const part of text.split(',').filter(Boolean)) {
      const [from = 0, to = from] = part.split('-').map(Number)
      for (let port = from; port <= to; port++) reserved.add(port)
    }
    return { first, last, reserved }
  }
}
