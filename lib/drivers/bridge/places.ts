import { mayHaveLeaves } from './leaf.js'
import { leafName, leafNumber } from './leaf-name.js'
import type { Host } from '../../kernel/host.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { BridgeNetwork } from './spec.js'

/** The place of an endpoint. */
export interface Place {
  bridge: string
  /** Whether that is a leaf. */
  leaf: boolean
}

/** A leaf is made ready: made, or looked at whether all of it is there. */
export type PrepareLeaf = (number: number) => Promise<void>

/**
 * The bridges of a network, and how many ports each has as far as this process knows: a guess, as others make
 * endpoints, too. Where it is wrong, a bridge has some ports more than it should; where it is full, the kernel says so.
 */
export class NetworkBridges {
  readonly #spec: BridgeNetwork
  readonly #portsPerBridge: number
  readonly #prepare: PrepareLeaf
  /** Ports by number of the bridge, 0 being the network's own. */
  readonly #ports = [0]
  readonly #ready = new Map<number, Promise<void>>()
  readonly #prepared = new Set([0])
  /** No bridge before it has room. */
  #roomFrom = 0

  constructor(spec: BridgeNetwork, portsPerBridge: number, prepare: PrepareLeaf) {
    this.#spec = spec
    this.#portsPerBridge = mayHaveLeaves(spec) ? portsPerBridge : Infinity
    this.#prepare = prepare
  }

  /** Counts what is there. */
  async learn(host: Host): Promise<void> {
    if (this.#portsPerBridge === Infinity) return
    const counts = new Map((await host.ask('ports', {})).map(({ bridge, ports }) => [bridge, ports]))
    const portsOf = ({ index }: LinkInfo) => counts.get(index) ?? 0
    const own = await host.find('link', { name: this.#spec.bridge })
    const ports = [own ? portsOf(own) : 0]
    for (let number = 1; ; number++) {
      const leaf = await host.find('link', { name: leafName(this.#spec, number) })
      if (!leaf) break
      ports.push(portsOf(leaf))
    }
    this.#ports.splice(0, ports.length, ...ports)
    this.#roomFrom = 0
  }

  /** A place for one more endpoint, now taken. At once where its bridge is known to be there. */
  take(): Place | Promise<Place> {
    let number = this.#roomFrom
    while ((this.#ports[number] ?? 0) >= this.#portsPerBridge) number++
    this.#roomFrom = number
    this.#ports[number] = (this.#ports[number] ?? 0) + 1
    const place =
      number === 0 ? { bridge: this.#spec.bridge, leaf: false } : { bridge: leafName(this.#spec, number), leaf: true }
    if (this.#prepared.has(number)) return place
    return this.#prepareOnce(number).then(
      () => place,
      (error: unknown) => {
        this.release(place.bridge)
        throw error
      },
    )
  }

  /** Gives a place back. */
  release(bridge: string): void {
    const number = this.#numberOf(bridge)
    const ports = this.#ports[number]
    if (ports === undefined) return
    this.#ports[number] = Math.max(0, ports - 1)
    if (this.#ports[number] < this.#portsPerBridge) this.#roomFrom = Math.min(this.#roomFrom, number)
  }

  /** The kernel says that a bridge has no room: others have used it up. Returns whether there may be another. */
  full(bridge: string): boolean {
    if (this.#portsPerBridge === Infinity) return false
    this.#ports[this.#numberOf(bridge)] = this.#portsPerBridge
    return true
  }

  #numberOf(bridge: string): number {
    return leafNumber(this.#spec, bridge) ?? 0
  }

  #prepareOnce(number: number): Promise<void> {
    const known = this.#ready.get(number)
    if (known) return known
    const ready = this.#prepare(number).then(() => void this.#prepared.add(number))
    this.#ready.set(number, ready)
    // A failed one is tried anew.
    ready.catch(() => this.#ready.delete(number))
    return ready
  }
}
