import type { Facts } from './facts.js'
import { mean, median, percentile, ratio } from './stats.js'
import { ARMS, PHASES, type Arm, type Measure } from './trial-spec.js'
import { againstTable } from './report-against.js'
import { furtherTables } from './report-further.js'
import { holdTable } from './report-hold.js'
import type { Sample } from './samples.js'
import { micro, NAMES, newTable, printRatio, rate, titled } from './tables.js'

/** Everything that was measured, as tables for a terminal. */
export function report(facts: Facts, samples: readonly Sample[]): string {
  return [
    factLines(facts),
    againstTable(samples),
    latency(samples, 'latency', 'One endpoint with one published port, until it is up (µs)'),
    phases(samples),
    latency(samples, 'first-byte', 'Until the first byte of a server in it came through the published port (µs)'),
    burst(samples),
    holdTable(samples),
    ...furtherTables(samples),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const factLines = (facts: Facts) =>
  [
    `Linux ${facts.kernel}, HZ ${facts.hz}, ${facts.cpus}, ${facts.memory}, load ${facts.load}`,
    `Node ${facts.node}, br_netfilter ${facts.brNetfilter}, commit ${facts.commit}, ${facts.date}`,
    ...(facts.against ? [`The other checkout: ${facts.against}`] : []),
  ].join('\n')

const of = (samples: readonly Sample[], arm: Arm, measure: Measure) =>
  samples.filter((sample) => sample.arm === arm && sample.measure === measure)

const rounds = (samples: readonly Sample[], arm: Arm, measure: Measure) =>
  of(samples, arm, measure)
    .sort((a, b) => a.round - b.round)
    .map((sample) => sample.result.total)

function latency(samples: readonly Sample[], measure: Measure, title: string): string {
  const base = rounds(samples, 'floor', measure)
  const last = measure === 'latency' ? 'endpoints/s' : 'over 0.5 s'
  const table = newTable(['', 'p50', 'p90', 'p99', 'max', 'p50 / floor', 'p99 / floor', last, 'samples'])
  for (const arm of ARMS) {
    const mine = rounds(samples, arm, measure)
    const total = mine.flat()
    if (total.length === 0) continue
    const compare = (percent: number) =>
      arm === 'floor' || base.length === 0 ? '' : printRatio(ratio(mine, base, percent))
    table.push([
      NAMES[arm],
      ...[50, 90, 99, 100].map((percent) => micro(percentile(total, percent))),
      compare(50),
      compare(99),
      measure === 'latency' ? rate(1e6 / mean(total)) : String(total.filter((one) => one > 5e5).length),
      String(total.length),
    ])
  }
  return titled(title, table)
}

function phases(samples: readonly Sample[]): string {
  const arms = (['ours', 'floor'] as const).filter((arm) =>
    of(samples, arm, 'latency').some(({ result }) => result.phases.link),
  )
  const table = newTable(['', ...arms.flatMap((arm) => [`${arm} p50`, 'p99'])])
  const lists = (arm: Arm, phase: (typeof PHASES)[number]) =>
    of(samples, arm, 'latency').flatMap(({ result }) => result.phases[phase] ?? [])
  for (const phase of arms.length > 0 ? PHASES : []) {
    table.push([
      EXPLAINED[phase],
      ...arms.flatMap((arm) => {
        const list = lists(arm, phase)
        return list.length === 0 ? ['–', '–'] : [micro(median(list), 1), micro(percentile(list, 99), 1)]
      }),
    ])
  }
  return titled('Where it goes (µs)', table)
}

const EXPLAINED: Record<(typeof PHASES)[number], string> = {
  namespace: 'namespace (ours: what is left of it)',
  link: 'veth on the bridge, raised',
  configure: 'inside: lo, eth0, address, route',
  claims: 'nf_tables: address, sender, port',
  reserve: 'nobody listens on the port',
  record: 'record file',
  rest: 'rest: JavaScript, hop, closing',
}

function burst(all: readonly Sample[]): string {
  const table = newTable(['', 'at once', 'ms', 'endpoints/s', 'p50 / floor', 'one: mean, ms', 'p99', 'p99 / mean'])
  const sizes = new Set(all.filter(({ measure }) => measure === 'burst').map(({ count }) => count))
  for (const size of [...sizes].sort((a, b) => a - b)) {
    const samples = all.filter(({ count }) => count === size)
    const base = rounds(samples, 'floor', 'burst')
    for (const arm of ARMS) {
      const mine = rounds(samples, arm, 'burst')
      if (mine.length === 0) continue
      const middle = median(mine.flat())
      table.push([
        NAMES[arm],
        String(size),
        (middle / 1000).toFixed(middle < 1e5 ? 1 : 0),
        rate((size * 1e6) / middle),
        arm === 'floor' || base.length === 0 ? '' : printRatio(ratio(mine, base, 50)),
        ...oneOf(of(samples, arm, 'burst').map(({ result }) => result.series?.['each'] ?? [])),
      ])
    }
  }
  return titled('Many at once (Promise.all; the floor one after another; median of the trials)', table)
}

/**
 * How long one of many waits: from the first call until it is up, whoever of them it is. Served one after another, in
 * the order in which they came, the last would wait for twice the mean; who is passed over waits longer.
 */
function oneOf(trials: readonly number[][]): string[] {
  const some = trials.filter(({ length }) => length > 1)
  if (some.length === 0) return ['', '', '']
  const [means, late] = [some.map(mean), some.map((each) => percentile(each, 99))]
  return [
    micro(median(means) / 1000, 1),
    micro(median(late) / 1000, 1),
    median(some.map((_, i) => (late[i] ?? NaN) / (means[i] ?? NaN))).toFixed(2),
  ]
}
