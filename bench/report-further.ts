import type { Sample } from './samples.js'
import { commandsTable } from './report-commands.js'
import { healingTable } from './report-healing.js'
import { protocolsTable } from './report-protocols.js'
import { segmentsTable } from './report-segments.js'
import { median, percentile } from './stats.js'
import { micro, NAMES, newTable, rate, titled } from './tables.js'
import { ARMS, type Arm, type Measure } from './trial-spec.js'

/** Tables of what is measured over a number, in several ways, or as single numbers. */
export function furtherTables(samples: readonly Sample[]): string[] {
  return [
    over(samples, 'age', 'One endpoint, by how many have come and gone in the process before (µs)', 'before'),
    over(
      samples,
      'teardown',
      'remove(): until it returned; until the kernel was done too (µs; of many at once, all of them)',
      'at once',
      'completed',
    ),
    over(samples, 'fleet', 'Sandboxes at once, each with 32 published ports (µs)', 'sandboxes'),
    over(samples, 'endpoints', 'One more endpoint, beside those that exist (µs)', 'existing'),
    over(samples, 'ports', 'One more published port, beside those that are published (µs)', 'published'),
    over(samples, 'connect', 'First byte through a published port, beside those that are published (µs)', 'published'),
    over(samples, 'ablation', 'The floor with one choice undone (µs an endpoint)', 'existing'),
    over(samples, 'thread', 'One more published port, by the thread that sends its messages (µs)', 'existing'),
    over(
      samples,
      'claims',
      'A published port, by what finds it (µs; then the first byte through it)',
      'published',
      'connected',
    ),
    protocolsTable(samples),
    healingTable(samples),
    segmentsTable(samples),
    commandsTable(samples),
    single(samples, 'costs', 'What a process of Slipway takes (total: import and open, µs)'),
    single(samples, 'churn', 'Endpoints that come and go (total: one creation, µs)'),
    single(samples, 'data', 'Through a published port'),
    single(samples, 'names', 'Questions for a name (total: one at a time, µs)'),
    versions(samples),
  ]
}

/** A row for each arm, variant and number. `also` is a series that goes beside the times. */
function over(samples: readonly Sample[], measure: Measure, title: string, what: string, also?: string): string {
  const table = newTable([
    '',
    what,
    'p50',
    'p99',
    ...(also ? [`${also} p50`] : []),
    'p50 / first',
    'p50 / floor',
    'samples',
  ])
  const mine = samples.filter((sample) => sample.measure === measure)
  const places = [...new Set(mine.map(({ at = 0 }) => at))].sort((a, b) => a - b)
  const totals = (list: readonly Sample[]) => list.flatMap(({ result }) => result.total)
  for (const [arm, variant] of waysOf(mine)) {
    const way = mine.filter((sample) => sample.arm === arm && sample.variant === variant)
    const first = totals(way.filter(({ at = 0 }) => at === Math.min(...way.map(({ at: other = 0 }) => other))))
    for (const place of places) {
      const here = way.filter(({ at = 0 }) => at === place)
      const total = totals(here)
      if (total.length === 0) continue
      const floor = totals(
        mine.filter(
          (sample) =>
            sample.arm === 'floor' &&
            (sample.at ?? 0) === place &&
            (arm !== 'floor' || sample.variant === undefined || ['none', 'hash'].includes(sample.variant)),
        ),
      )
      table.push([
        [NAMES[arm], variant].filter((word) => word !== undefined).join(': '),
        String(place),
        micro(median(total), 1),
        micro(percentile(total, 99), 1),
        ...(also ? [micro(median(here.flatMap(({ result }) => result.series?.[also] ?? [])), 1)] : []),
        (median(total) / median(first)).toFixed(2),
        floor.length === 0 ? '' : (median(total) / median(floor)).toFixed(2),
        String(total.length),
      ])
    }
  }
  return titled(title, table)
}

/** A row for each number that was told, with the median of the trials. */
function single(samples: readonly Sample[], measure: Measure, title: string): string {
  const table = newTable(['', '', 'median', 'trials'])
  const mine = samples.filter((sample) => sample.measure === measure)
  for (const [arm, variant] of waysOf(mine)) {
    const way = mine.filter((sample) => sample.arm === arm && sample.variant === variant)
    const name = [NAMES[arm], variant].filter((word) => word !== undefined).join(': ')
    const total = way.flatMap(({ result }) => result.total)
    if (total.length > 0) table.push([name, 'total', micro(median(total)), String(way.length)])
    for (const number of Object.keys(way[0]?.result.numbers ?? {})) {
      table.push([
        name,
        number,
        rate(median(way.flatMap(({ result }) => result.numbers?.[number] ?? []))),
        String(way.length),
      ])
    }
  }
  return titled(title, table)
}

/** Arms, and the variants of each, in the order of the arms. */
function waysOf(samples: readonly Sample[]): [Arm, string | undefined][] {
  return ARMS.flatMap((arm) =>
    [...new Set(samples.filter((sample) => sample.arm === arm).map(({ variant }) => variant))]
      .sort()
      .map((variant): [Arm, string | undefined] => [arm, variant]),
  )
}

function versions(samples: readonly Sample[]): string {
  const all = new Set(samples.flatMap(({ result }) => result.version ?? []))
  return all.size === 0 ? '' : `Peers: ${[...all].join('; ')}`
}
