import type { Sample } from './samples.js'
import { max, median } from './stats.js'
import { micro, NAMES, newTable, titled } from './tables.js'
import type { Arm, HoldResult, Measure } from './trial-spec.js'

/** How long the event loop was held, a column for each way: created or removed, from the ground up or from a pool. */
export function holdTable(samples: readonly Sample[]): string {
  const watched = samples.filter(({ measure, result }) => (measure === 'hold' || measure === 'delay') && result.hold)
  const ways = (['ours', 'pooled'] as const)
    .flatMap((arm) => [undefined, 'remove'].map((variant) => ({ arm, variant })))
    .filter((way) => watched.some(isOf(way)))
  const table = newTable([
    '',
    ...ways.map(({ arm, variant }) => (variant === undefined ? NAMES[arm] : `${NAMES[arm]}: removed`)),
  ])
  const row = (measure: Measure, text: string, pick: (hold: HoldResult) => number | undefined) => {
    const cells = ways.map((way) => {
      const list = watched
        .filter((sample) => sample.measure === measure && isOf(way)(sample))
        .flatMap(({ result }) => (result.hold && pick(result.hold)) ?? [])
      return list.length === 0 ? '' : `${micro(median(list))} (${micro(max(list))})`
    })
    if (cells.some((cell) => cell !== '')) table.push([text, ...cells])
  }
  row('hold', 'all of them called in one turn', (one) => one.call)
  row('hold', 'turns of the loop in which something happened, p99', (one) => one.turns?.p99)
  row('hold', '  longest', (one) => one.longest)
  row('hold', '  longest, with collections and others on its CPU', (one) => one.turns?.wall)
  row('hold', '  others on its CPU, in all', (one) => one.turns?.waited)
  row('hold', '  over 1 ms, a count', (one) => one.turns?.overMillisecond)
  row('hold', '  longest with nothing to do', (one) => one.idle)
  row('hold', '  longest garbage collection', (one) => one.collection)
  row('delay', 'monitorEventLoopDelay, longest', (one) => one.longest)
  row('delay', '  longest with nothing to do', (one) => one.idle)
  row('delay', '  longest garbage collection', (one) => one.collection)
  return titled(
    `How long the event loop was held by ${watched[0]?.count} at once (µs; median of trials, and worst)`,
    table,
  )
}

const isOf =
  ({ arm, variant }: { arm: Arm; variant: string | undefined }) =>
  (sample: Sample): boolean =>
    sample.arm === arm && sample.variant === variant
