import { contains, toNumber, toText, type Subnet } from './ipv4.js'

/**
 * Which addresses of a subnet are free, as far as this process knows. The truth is the kernel's set of claims: an
 * address from here is only a good guess until the claim has been taken.
 *
 * Addresses are given in turn, so that a released one rests while others are free.
 */
export class AddressPool {
  readonly #subnet: Subnet
  readonly #range: Subnet
  /** Never given, or given and not claimed yet. */
  readonly #taken = new Set<number>()
  /** Claimed in the kernel, when it was last asked and by this process since. */
  #claimed = new Set<number>()
  #next: number

  /**
   * @param range - Part of the subnet that addresses are drawn from.
   * @param reserved - Addresses never given: the gateway, and others outside our hands.
   */
  constructor(subnet: Subnet, range: Subnet, reserved: readonly string[]) {
    this.#subnet = subnet
    this.#range = range
    // A network of two or one (RFC 3021) has neither network nor broadcast address.
    if (subnet.prefix < 31) this.#taken.add(subnet.first).add(subnet.last)
    for (const address of reserved) this.#taken.add(toNumber(address))
    this.#next = range.first
  }

  /** The next free address, now taken; `undefined` when none is left. */
  take(): string | undefined {
    const size = this.#range.last - this.#range.first + 1
    for (let tried = 0; tried < size; tried++) {
      const address = this.#next
      this.#next = address === this.#range.last ? this.#range.first : address + 1
      if (this.#take(address)) return toText(address)
    }
    return undefined
  }

  /** Takes this address; `false` when it is taken already. */
  takeThis(address: string): boolean {
    return this.#take(toNumber(address))
  }

  #take(address: number): boolean {
    if (this.#taken.has(address) || this.#claimed.has(address)) return false
    this.#taken.add(address)
    return true
  }

  /** The kernel has taken the claim. */
  settle(address: string): void {
    this.#taken.delete(toNumber(address))
    this.#claimed.add(toNumber(address))
  }

  release(address: string): void {
    this.#taken.delete(toNumber(address))
    this.#claimed.delete(toNumber(address))
  }

  /** What the kernel knows as claimed now: what other processes have taken, and what they have given back. */
  learn(addresses: readonly string[]): void {
    this.#claimed = new Set(addresses.map(toNumber))
  }

  /** Whether an address may belong to an endpoint: inside the subnet (inside the range only where drawn). */
  covers(address: string): boolean {
    return contains(this.#subnet, toNumber(address))
  }
}
