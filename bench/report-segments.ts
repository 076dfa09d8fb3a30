import type { Sample } from './samples.js'
import { percentile, ratio } from './stats.js'
import { micro, NAMES, newTable, printRatio, titled } from './tables.js'
import { ARMS, SEGMENT_KINDS, type TrialResult } from './trial-spec.js'

/** Endpoints on the segment of a link: made and taken away, beside the floor that sends the same messages. */
export function segmentsTable(samples: readonly Sample[]): string {
  const mine = samples.filter(({ measure }) => measure === 'segments')
  const table = newTable([
    '',
    'p50',
    'p99',
    'p50 / floor',
    'p99 / floor',
    'removed p50',
    'p99',
    'p50 / floor',
    'samples',
  ])
  for (const kind of SEGMENT_KINDS) {
    for (const arm of ARMS) {
      const rounds = (of: string, pick: (result: TrialResult) => number[]) =>
        mine
          .filter((sample) => sample.arm === of && sample.variant === kind)
          .sort((a, b) => a.round - b.round)
          .map(({ result }) => pick(result))
      const compare = (pick: (result: TrialResult) => number[], percent: number) =>
        arm === 'floor' || rounds('floor', pick).length === 0
          ? ''
          : printRatio(ratio(rounds(arm, pick), rounds('floor', pick), percent))
      const [made, gone] = [madeIn, goneIn].map((pick) => rounds(arm, pick).flat()) as [number[], number[]]
      if (made.length === 0) continue
      table.push([
        `${kind}: ${arm === 'cni' ? `CNI ${kind}` : NAMES[arm]}`,
        ...[50, 99].map((percent) => micro(percentile(made, percent))),
        ...[50, 99].map((percent) => compare(madeIn, percent)),
        ...[50, 99].map((percent) => micro(percentile(gone, percent))),
        compare(goneIn, 50),
        String(made.length),
      ])
    }
  }
  return titled('One endpoint on the segment of a link, without ports, until it is up; remove(), in a row (µs)', table)
}

const madeIn = ({ total }: TrialResult): number[] => total
const goneIn = ({ series }: TrialResult): number[] => series?.['removed'] ?? []
