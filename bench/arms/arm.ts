import type { TrialResult, TrialSpec } from '../trial-spec.js'

/** Who brings endpoints up from JavaScript. Endpoint number `n` is what `endpoint(n)` says: one port, published. */
export interface Bringer {
  /** What has to be there first, and is not counted. Endpoints that it makes are numbered from 0. */
  prepare(spec: TrialSpec): Promise<void>
  create(n: number): Promise<void>
  /** Resolves when whoever asked may go on; the kernel's part may take longer. */
  remove(n: number): Promise<void>
  /** Path of the namespace of an endpoint that exists. */
  netns(n: number): string
  /** Resolves when nothing goes on in the background that this process knows of. */
  settle?(): Promise<void>
  /** How many creates are in flight when many are asked for at once. Default: all of them. */
  readonly inParallel?: number
  /** Turns what was timed into what counts, where that is not the same. */
  readonly adjust?: (result: TrialResult) => TrialResult
  /** The peer's own words. */
  readonly version?: string
  close(): Promise<void>
}

/** Creates or removes endpoints `first` and following, as many in flight as the arm takes. */
export async function atOnce(
  count: number,
  inParallel: number | undefined,
  work: (i: number) => Promise<unknown>,
): Promise<void> {
  if (inParallel === undefined || inParallel >= count) {
    await Promise.all(Array.from({ length: count }, (_, i) => work(i)))
    return
  }
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: inParallel }, worker))
}

/** Microseconds that something took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) * 1000
}
