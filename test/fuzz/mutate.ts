import fc from 'fast-check'
import type { Target } from './target.js'

/** Longer ones find nothing that shorter ones do not, and take longer. */
const LONGEST = 65_536

type Edit = (input: Buffer) => Buffer

/** Bytes from `at` on are exchanged for others. */
const exchange =
  (at: number, gone: number, piece: Buffer): Edit =>
  (input) => {
    const from = at % (input.length + 1)
    return Buffer.concat([input.subarray(0, from), piece, input.subarray(from + gone)])
  }

/**
 * One of the seeds with some changes, or bytes alone. Where an input fails, fast-check takes changes away until those
 * are left that matter.
 */
export function inputsOf({ seeds, pieces }: Pick<Target, 'seeds' | 'pieces'>): fc.Arbitrary<Buffer> {
  const at = fc.nat(LONGEST)
  const few = fc.oneof({ weight: 4, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.nat(300) })
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array)),
    fc.constantFrom(
      ...[0, 1, 0x7f, 0x80, 0xff, 0x20, 0x22, 0x2d, 0x2e, 0x2f, 0x30, 0x3a].map((byte) => Buffer.of(byte)),
    ),
    ...(pieces.length > 0 ? [fc.constantFrom(...pieces).map((piece) => Buffer.from(piece))] : []),
  )
  const seed = fc.constantFrom(...seeds)
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    fc.tuple(at, bytes).map(([where, piece]) => exchange(where, piece.length, piece)),
    fc.tuple(at, bytes).map(([where, piece]) => exchange(where, 0, piece)),
    fc.tuple(at, few).map(([where, gone]) => exchange(where, gone, Buffer.alloc(0))),
    fc.tuple(at, fc.nat(7)).map(([where, bit]): Edit => (input) => {
      const copy = Buffer.from(input)
      if (copy.length > 0) copy[where % copy.length]! ^= 1 << bit
      return copy
    }),
    // A part of it again and again, or of another seed.
    fc.tuple(at, few, fc.nat(2_000)).map(([where, length, times]): Edit => (input) => {
      const from = where % (input.length + 1)
      const part = input.subarray(from, from + length + 1)
      return exchange(
        from,
        0,
        Buffer.concat(Array.from({ length: Math.min(times, LONGEST / (part.length + 1)) }, () => part)),
      )(input)
    }),
    fc.tuple(at, at, fc.nat(200), seed).map(([where, start, length, other]): Edit => {
      const from = start % (other.length + 1)
      return exchange(where, length, other.subarray(from, from + length))
    }),
  )
  const edited = fc
    .tuple(seed, fc.array(edit, { maxLength: 6 }))
    .map(([from, edits]) => edits.reduce((input, change) => change(input), from).subarray(0, LONGEST))
  return fc.oneof(
    { weight: 30, arbitrary: edited },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array)) },
  )
}
