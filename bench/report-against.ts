import type { Sample } from './samples.js'
import { percentile, ratio } from './stats.js'
import { micro, newTable, printRatio, titled } from './tables.js'
import type { Arm, Measure, TrialResult } from './trial-spec.js'

interface Compared {
  measure: Measure
  what: string
  of(result: TrialResult): readonly number[] | undefined
}

const number =
  (name: string) =>
  ({ numbers }: TrialResult) =>
    numbers?.[name] === undefined ? undefined : [numbers[name]]

const COMPARED: readonly Compared[] = [
  { measure: 'latency', what: 'one endpoint with a port', of: ({ total }) => total },
  { measure: 'burst', what: 'all of a burst', of: ({ total }) => total },
  { measure: 'teardown', what: 'remove(), until it returned', of: ({ total }) => total },
  { measure: 'teardown', what: 'remove(), until the kernel was done', of: ({ series }) => series?.['completed'] },
  { measure: 'churn', what: 'churn: one creation', of: ({ total }) => total },
  { measure: 'churn', what: 'churn: one removal', of: ({ series }) => series?.['removed'] },
  { measure: 'costs', what: 'import and open', of: ({ total }) => total },
  { measure: 'costs', what: 'import', of: number('importMicroseconds') },
  { measure: 'costs', what: 'open', of: number('openMicroseconds') },
]

const PAIRS = [
  { here: 'ours', there: 'against', name: '' },
  { here: 'pooled', there: 'against-pooled', name: 'from the pool: ' },
] as const satisfies { here: Arm; there: Arm; name: string }[]

/** This checkout beside the other one: both in one run, their trials in turns. A ratio below 1 is a gain. */
export function againstTable(samples: readonly Sample[]): string {
  const table = newTable(['', 'p50 here', 'there', 'here / there', 'p99 here', 'there', 'here / there', 'samples'])
  for (const { here, there, name } of PAIRS) {
    for (const { measure, what, of } of COMPARED) {
      const mine = samples.filter((sample) => sample.measure === measure)
      for (const [place, one] of placesOf(mine)) {
        const rounds = (arm: Arm) =>
          mine
            .filter((sample) => sample.arm === arm && placeOf(sample) === place)
            .sort((a, b) => a.round - b.round)
            .map(({ result }) => [...(of(result) ?? [])])
        const [ours, theirs] = [rounds(here), rounds(there)]
        if (ours.flat().length === 0 || theirs.flat().length === 0) continue
        table.push([
          `${name}${what}${one}`,
          ...[50, 99].flatMap((percent) => [
            micro(percentile(ours.flat(), percent)),
            micro(percentile(theirs.flat(), percent)),
            printRatio(ratio(ours, theirs, percent)),
          ]),
          `${ours.flat().length}, ${theirs.flat().length}`,
        ])
      }
    }
  }
  return titled('Here and in the other checkout (µs; in parentheses the lowest and the highest round)', table)
}

/** What tells trials of one measure apart. */
const placeOf = ({ at, variant }: Sample): string => JSON.stringify([at, variant])

/** Each with how it is called. */
const placesOf = (samples: readonly Sample[]): [string, string][] => [
  ...new Map(
    [...samples]
      .sort((a, b) => (a.at ?? 0) - (b.at ?? 0))
      .map((sample) => [
        placeOf(sample),
        [sample.at === undefined ? '' : `, ${sample.at} at once`, sample.variant ? `, ${sample.variant}` : ''].join(''),
      ]),
  ),
]
