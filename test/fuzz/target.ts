/** What reads what others wrote, tried with inputs of any kind. docs/fuzzing.md says how. */
export interface Target {
  name: string
  /** Inputs that are good, or nearly: others are made from them. */
  seeds: readonly Buffer[]
  /** Pieces that mean something to whoever reads the input. */
  pieces: readonly string[]
  /** Throws where the input is not treated as it should be. What is refused as it should be is no fault. */
  run(input: Buffer): void
}

export function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}
