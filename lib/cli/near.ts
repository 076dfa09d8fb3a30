/** The one of some names that was probably meant; `undefined` where none is like it. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  let best: { name: string; steps: number } | undefined
  for (const name of names) {
    const steps = distance(typed.toLowerCase(), name.toLowerCase())
    if (steps <= Math.max(1, Math.floor(typed.length / 3)) && steps < (best?.steps ?? Infinity)) best = { name, steps }
  }
  return best?.name
}

/** How many letters have to be typed, left out, exchanged or swapped (Damerau and Levenshtein, without gaps). */
function distance(one: string, other: string): number {
  let before: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, j) => j)
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1]
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[j - 2] ?? 0) + 1 : Infinity,
      )
    }
    before = last
    last = row
  }
  return last[other.length] ?? 0
}
