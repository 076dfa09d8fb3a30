/**
 * SHA-256 of a short text, in hexadecimal digits: for ids. `node:crypto` takes 4 ms to be loaded, more than most of a
 * command.
 */
export function sha256(text: string): string {
  const bytes = Buffer.from(text)
  const padded = Buffer.alloc((((bytes.length + 8) >> 6) + 1) << 6)
  bytes.copy(padded)
  padded[bytes.length] = 0x80
  padded.writeUInt32BE(bytes.length * 8, padded.length - 4)
  const state = FIRST.slice()
  for (let at = 0; at < padded.length; at += 64) addBlock(state, padded.subarray(at, at + 64))
  return [...state].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

const PRIMES = primes(64)
/** The first bits behind the point of the square roots, and of the cube roots, of the first primes (FIPS 180-4). */
const FIRST = Uint32Array.from(PRIMES.slice(0, 8), (prime) => bits(Math.sqrt(prime)))
const ROUNDS = Uint32Array.from(PRIMES, (prime) => bits(Math.cbrt(prime)))

function bits(root: number): number {
  return Math.floor((root % 1) * 2 ** 32)
}

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}

const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

function addBlock(state: Uint32Array, block: Buffer): void {
  const words = new Uint32Array(64)
  for (let i = 0; i < 16; i++) words[i] = block.readUInt32BE(i * 4)
  for (let i = 16; i < 64; i++) {
    const [before, last] = [words[i - 15] ?? 0, words[i - 2] ?? 0]
    const one = turned(before, 7) ^ turned(before, 18) ^ (before >>> 3)
    const two = turned(last, 17) ^ turned(last, 19) ^ (last >>> 10)
    words[i] = (words[i - 16] ?? 0) + one + (words[i - 7] ?? 0) + two
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let i = 0; i < 64; i++) {
    const chosen = (e & f) ^ (~e & g)
    const most = (a & b) ^ (a & c) ^ (b & c)
    const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + chosen + (ROUNDS[i] ?? 0) + (words[i] ?? 0)) | 0
    const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + most) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0]
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] ?? 0) + word
}
