/** A place that is held. Calling it gives the place back; a second call does nothing. */
export type Release = () => void

/**
 * Places that many holders share. One holder may have all that nobody else asks for. When all are taken, a holder that
 * has fewer than the one with most gets the oldest place of that one.
 */
export class Places {
  readonly #most: number
  readonly #mostOfOne: number
  /** For each holder the places that it has, the oldest first, as functions that take the place away. */
  readonly #held = new Map<string, Set<() => void>>()
  #taken = 0

  constructor(most: number, mostOfOne = most) {
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  /**
   * @param lose - Called when the place goes to another holder.
   * @returns `undefined` when there is none for this holder.
   */
  take(holder: string, lose: () => void): Release | undefined {
    const own = this.#held.get(holder)?.size ?? 0
    if (own >= this.#mostOfOne || (this.#taken >= this.#most && !this.#makeRoom(own))) return undefined
    const places = this.#held.get(holder) ?? new Set()
    this.#held.set(holder, places)
    const release = (): void => {
      if (!places.delete(takeAway)) return
      this.#taken--
      if (places.size === 0 && this.#held.get(holder) === places) this.#held.delete(holder)
    }
    const takeAway = (): void => {
      release()
      lose()
    }
    places.add(takeAway)
    this.#taken++
    return release
  }

  /** Takes a place from the holder with most, unless the one that asks would have as many. */
  #makeRoom(own: number): boolean {
    let largest: ReadonlySet<() => void> | undefined
    for (const places of this.#held.values()) if (places.size > (largest?.size ?? 0)) largest = places
    if (!largest || largest.size <= own + 1) return false
    const [takeAway] = largest
    takeAway?.()
    return true
  }
}
