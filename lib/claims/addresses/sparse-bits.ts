/** Numbers are kept in chunks of this many bits: 32 words of 32, and a 33rd that says which of them are full. */
const CHUNK = 1024
const FULL = 32

/**
 * A set of whole numbers from 0 to 2^53 that finds the next number that is not in it. Its memory depends on what it
 * holds, not on how far that reaches; a search passes over 1,024 numbers that are in it at a time.
 */
export class SparseBits {
  readonly #chunks = new Map<number, Uint32Array>()

  has(number: number): boolean {
    const words = this.#chunks.get(Math.floor(number / CHUNK))
    return words !== undefined && (word(words, (number % CHUNK) >>> 5) & (1 << (number & 31))) !== 0
  }

  /** `false` when it was there already. */
  add(number: number): boolean {
    const key = Math.floor(number / CHUNK)
    let words = this.#chunks.get(key)
    if (!words) this.#chunks.set(key, (words = new Uint32Array(FULL + 1)))
    const index = (number % CHUNK) >>> 5
    const before = word(words, index)
    const after = (before | (1 << (number & 31))) >>> 0
    words[index] = after
    if (after === 0xffffffff) words[FULL] = word(words, FULL) | (1 << index)
    return after !== before
  }

  delete(number: number): void {
    const key = Math.floor(number / CHUNK)
    const words = this.#chunks.get(key)
    if (!words) return
    const index = (number % CHUNK) >>> 5
    words[index] = word(words, index) & ~(1 << (number & 31))
    words[FULL] = word(words, FULL) & ~(1 << index)
    if (words.every((bits) => bits === 0)) this.#chunks.delete(key)
  }

  clear(): void {
    this.#chunks.clear()
  }

  /** The first number from `from` on, and below `end`, that is not in the set. */
  nextAbsent(from: number, end: number): number | undefined {
    for (let number = from; number < end;) {
      const start = number - (number % CHUNK)
      const words = this.#chunks.get(start / CHUNK)
      const bit = words ? firstClear(words, number - start) : number - start
      if (bit < CHUNK) return start + bit < end ? start + bit : undefined
      number = start + CHUNK
    }
    return undefined
  }
}

const word = (words: Uint32Array, index: number): number => words[index] ?? 0

/** Place of the lowest bit that is set, of a number that has one. */
const lowest = (bits: number): number => 31 - Math.clz32(bits & -bits)

/** First bit from `from` on that is clear; {@link CHUNK} when all are set. */
function firstClear(words: Uint32Array, from: number): number {
  const index = from >>> 5
  const here = ~word(words, index) & (-1 << (from & 31))
  if (here !== 0) return index * 32 + lowest(here)
  const later = index === 31 ? 0 : ~word(words, FULL) & (-1 << (index + 1))
  if (later === 0) return CHUNK
  const next = lowest(later)
  return next * 32 + lowest(~word(words, next))
}
