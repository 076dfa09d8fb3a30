import type { Facts } from '../facts.js'
import { percentile } from '../stats.js'
import { nameOf } from './look.js'

/**
 * What pictures are drawn from: a kept file, of this version or of one before. So names are any text, and what a
 * measurement does not have is left out.
 */
export interface Measured {
  arm: string
  measure: string
  round: number
  count: number
  /** The number that a measurement is drawn over: how many at once, how many exist. */
  at?: number
  /** Which way it was done, where there are several. */
  variant?: string
  result: {
    /** Microseconds. */
    total: readonly number[]
    phases: Readonly<Record<string, readonly number[]>>
    series?: Readonly<Record<string, readonly number[]>>
    numbers?: Readonly<Record<string, number>>
  }
}

/** A run: when, where and how, and everything that was measured. */
export interface Run {
  facts: Facts
  samples: readonly Measured[]
}

/** Samples by a key, in the order in which the keys first appear. */
export function groupBy<K>(samples: readonly Measured[], key: (sample: Measured) => K): Map<K, Measured[]> {
  const groups = new Map<K, Measured[]>()
  for (const sample of samples) {
    const group = groups.get(key(sample))
    if (group) group.push(sample)
    else groups.set(key(sample), [sample])
  }
  return groups
}

/** All times of samples together. */
export const totals = (samples: readonly Measured[]): number[] => samples.flatMap(({ result }) => result.total)

/** What is drawn as one thing: an arm, or one way of several of it. */
export interface Row {
  arm: string
  variant: string | undefined
  name: string
  samples: Measured[]
}

/** A row for each arm and variant, in the order in which they first appear. */
export const rowsOf = (samples: readonly Measured[]): Row[] =>
  [...groupBy(samples, ({ arm, variant }) => JSON.stringify([arm, variant ?? '']))].flatMap(([, list]) => {
    const [first] = list
    return first
      ? { arm: first.arm, variant: first.variant, name: nameOf(first.arm, first.variant), samples: list }
      : []
  })

/** The same, of those that have times, the one with the smallest median first. */
export const fastestFirst = (samples: readonly Measured[]): Row[] =>
  rowsOf(samples.filter(({ result }) => result.total.length > 0)).sort(
    (a, b) => percentile(totals(a.samples), 50) - percentile(totals(b.samples), 50),
  )
