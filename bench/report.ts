import type { Facts } from './facts.js'
import { max, mean, median, percentile, ratio } from './stats.js'
import { ARMS, PHASES, type Arm, type HoldResult, type Measure } from './trial-spec.js'
import { furtherTables } from './report-further.js'
import type { Sample } from './samples.js'
import { micro, NAMES, newTable, printRatio, rate, titled } from './tables.js'

/** Everything that was measured, as tables for a terminal. */
export function report(facts: Facts, samples: readonly Sample[]): string {
  return [
    factLines(facts),
    latency(samples, 'latency', 'One endpoint with one published port, until it is up (µs)'),
    phases(samples),
    latency(samples, 'first-byte', 'Until the first byte of a server in it came through the published port (µs)'),
    burst(samples),
    hold(samples),
    ...furtherTables(samples),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const factLines = (facts: Facts) =>
  [
    `Linux ${facts.kernel}, HZ ${facts.hz}, ${facts.cpus}, ${facts.memory}, load ${facts.load}`,
    `Node ${facts.node}, br_netfilter ${facts.brNetfilter}, commit ${facts.commit}, ${facts.date}`,
  ].join('\n')

const of = (samples: readonly Sample[], arm: Arm, measure: Measure) =>
  samples.filter((sample) => sample.arm === arm && sample.measure === measure)

const rounds = (samples: readonly Sample[], arm: Arm, measure: Measure) =>
  of(samples, arm, measure).sort((a, b) => a.round - b.round).map((sample) => sample.result.total)

function latency(samples: readonly Sample[], measure: Measure, title: string): string {
  const base = rounds(samples, 'floor', measure)
  const last = measure === 'latency' ? 'endpoints/s' : 'over 0.5 s'
  const table = newTable(['', 'p50', 'p90', 'p99', 'max', 'p50 / floor', 'p99 / floor', last, 'samples'])
  for (const arm of ARMS) {
    const mine = rounds(samples, arm, measure)
    const total = mine.flat()
    if (total.length === 0) continue
    const compare = (percent: number) => (arm === 'floor' || base.length === 0 ? '' : printRatio(ratio(mine, base, percent)))
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
  const arms = (['ours', 'floor'] as const).filter((arm) => of(samples, arm, 'latency').some(({ result }) => result.phases.link))
  const table = newTable(['', ...arms.flatMap((arm) => [`${arm} p50`, 'p99'])])
  const lists = (arm: Arm, phase: (typeof PHASES)[number]) => of(samples, arm, 'latency').flatMap(({ result }) => result.phases[phase] ?? [])
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
  const table = newTable(['', 'at once', 'ms', 'endpoints/s', 'p50 / floor'])
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
      ])
    }
  }
  return titled('Many at once (Promise.all; the floor one after another; median of the trials)', table)
}

function hold(samples: readonly Sample[]): string {
  const count = [...of(samples, 'ours', 'hold'), ...of(samples, 'ours', 'delay')][0]?.count
  const table = newTable(['', 'median of trials', 'worst trial'])
  const row = (measure: Measure, text: string, pick: (hold: HoldResult) => number | undefined) => {
    const list = of(samples, 'ours', measure).flatMap(({ result }) => (result.hold && pick(result.hold)) ?? [])
    if (list.length > 0) table.push([text, micro(median(list)), micro(max(list))])
  }
  row('hold', 'all creates called in one turn', (one) => one.call)
  row('hold', 'turns of the loop in which something happened, p99', (one) => one.turns?.p99)
  row('hold', '  longest', (one) => one.longest)
  row('hold', '  longest, with collections and other processes', (one) => one.turns?.wall)
  row('hold', '  over 1 ms, a count', (one) => one.turns?.overMillisecond)
  row('hold', '  longest with nothing to do', (one) => one.idle)
  row('hold', '  longest garbage collection', (one) => one.collection)
  row('delay', 'monitorEventLoopDelay, longest', (one) => one.longest)
  row('delay', '  longest with nothing to do', (one) => one.idle)
  row('delay', '  longest garbage collection', (one) => one.collection)
  return titled(`How long the event loop was held while ${count} come up (µs)`, table)
}
