import { printAddress, toValue } from '../../base/addresses/address.js'
import { familyOf } from '../../base/addresses/ip.js'
import { toNumber, toText } from '../../base/addresses/ipv4.js'
import { SparseBits } from './sparse-bits.js'
import { contains, covers, sizeOf, unusable, type Subnet } from '../../base/addresses/subnet.js'

/** Of a larger range, addresses are drawn from the first so many: what a number counts exactly. */
const DRAWN = 2 ** 53

/**
 * Which addresses of a subnet are free, as far as this process knows. The truth is the kernel's set of claims: an
 * address from here is only a good guess until the claim has been taken.
 *
 * Addresses are given in turn, so that a released one rests while others are free. Memory depends on how many are
 * taken, also where the range is a /64 of IPv6; so does time, of which 1,024 taken in a row cost as much as one.
 */
export class AddressPool {
  readonly #subnet: Subnet
  readonly #size: number
  /** First address of the range; as a number for IPv4, whose addresses never become anything slower. */
  readonly #first: bigint
  readonly #first4: number
  /** Never given. */
  readonly #reserved: ReadonlySet<string>
  /** Given and not claimed yet, by the caller's text. */
  readonly #given = new Set<string>()
  /** Everything that is not free in the range: reserved, given or claimed; as distance from its first address. */
  readonly #held = new SparseBits()
  /** The same outside the range, where only who names an address gets it. */
  readonly #heldOutside = new Set<string>()
  #next = 0

  /**
   * @param range - Part of the subnet that addresses are drawn from.
   * @param reserved - Addresses never given besides the network's own, its broadcast and its routers' anycast address:
   * the gateway, and others outside our hands. As all addresses here: canonical text.
   */
  constructor(subnet: Subnet, range: Subnet, reserved: readonly string[]) {
    if (!covers(subnet, range)) throw new RangeError('a range outside its subnet')
    this.#subnet = subnet
    this.#first = range.first
    this.#first4 = range.family === 4 ? Number(range.first) : 0
    this.#size = Math.min(sizeOf(range), DRAWN)
    this.#reserved = new Set([...unusable(subnet), ...reserved])
    for (const address of this.#reserved) this.#hold(address)
  }

  /** The next free address, now taken; `undefined` when none is left. */
  take(): string | undefined {
    const free = this.#held.nextAbsent(this.#next, this.#size) ?? this.#held.nextAbsent(0, this.#next)
    if (free === undefined) return undefined
    this.#next = free + 1
    const address =
      this.#subnet.family === 4 ? toText(this.#first4 + free) : printAddress(6, this.#first + BigInt(free))
    this.#held.add(free)
    this.#given.add(address)
    return address
  }

  /**
   * Lets the next address be the first that is free from this place on. @param place - From 0, the first of the range,
   * to 1.
   */
  startAt(place: number): void {
    this.#next = Math.floor(this.#size * place)
  }

  /** Whether an address is never given. */
  isReserved(address: string): boolean {
    return this.#reserved.has(address)
  }

  /** Takes this address; `false` when it is taken already, reserved, or none of the subnet. */
  takeThis(address: string): boolean {
    if (!this.covers(address) || !this.#hold(address)) return false
    this.#given.add(address)
    return true
  }

  /** The kernel has taken the claim. */
  settle(address: string): void {
    // What was given is held already.
    if (!this.#given.delete(address)) this.#hold(address)
  }

  /** Gives back what was taken here, and that no sandbox has come to have. */
  giveBack(address: string): void {
    if (this.#given.has(address)) this.release(address)
  }

  release(address: string): void {
    this.#given.delete(address)
    if (this.#reserved.has(address)) return
    const place = this.#placeOf(address)
    if (place === undefined) this.#heldOutside.delete(address)
    else this.#held.delete(place)
  }

  /**
   * What the kernel knows as claimed now: what other processes have taken, and what they have given back. Addresses of
   * other subnets may be among them.
   */
  learn(addresses: readonly string[]): void {
    this.#held.clear()
    this.#heldOutside.clear()
    for (const address of this.#reserved) this.#hold(address)
    for (const address of this.#given) this.#hold(address)
    for (const address of addresses) {
      const place = this.#placeOf(address)
      if (place !== undefined) this.#held.add(place)
      else if (this.covers(address)) this.#heldOutside.add(address)
    }
  }

  /** Whether an address may belong to an endpoint: inside the subnet (inside the range only where drawn). */
  covers(address: string): boolean {
    return contains(this.#subnet, address)
  }

  /** `false` when it was held already. */
  #hold(address: string): boolean {
    const place = this.#placeOf(address)
    if (place !== undefined) return this.#held.add(place)
    if (this.#heldOutside.has(address)) return false
    this.#heldOutside.add(address)
    return true
  }

  /** Distance from the first address of the range; `undefined` outside of what is drawn from it. */
  #placeOf(address: string): number | undefined {
    const { family } = this.#subnet
    if (familyOf(address) !== family) return undefined
    const place = family === 4 ? toNumber(address) - this.#first4 : Number(toValue(address) - this.#first)
    return place >= 0 && place < this.#size ? place : undefined
  }
}
