import { bars } from './bars.js'
import type { Chart, Drawing } from './chart.js'
import { cumulative } from './cumulative.js'
import { distributions } from './distributions.js'
import { thousands } from './look.js'
import { groupBy, type Measured } from './measured.js'
import { costOver, rateOver } from './over.js'
import { phases } from './phases.js'

interface Drawn {
  /** Whose samples it is drawn from. */
  measure: string
  name: string
  title: string
  subtitle: string
  draw(samples: readonly Measured[]): Drawing | undefined
}

/** Which picture a measurement has. A new one needs a line here and nothing else; what was not measured has none. */
const CHARTS: readonly Drawn[] = [
  {
    measure: 'latency',
    name: 'latency',
    title: 'One endpoint with one published port, until it is up',
    subtitle: 'How often which time was measured, one endpoint after another. Dot: median; mark: 99th percentile.',
    draw: distributions,
  },
  {
    measure: 'latency',
    name: 'latency-cumulative',
    title: 'The same, as the share that is up within a time',
    subtitle: 'Each step is a sample; the slowest hundredth is drawn in full.',
    draw: cumulative,
  },
  {
    measure: 'latency',
    name: 'phases',
    title: 'Where the time of one endpoint goes',
    subtitle: "Slipway begins a namespace while JavaScript still plans: that part of it is in 'rest'.",
    draw: phases,
  },
  {
    measure: 'age',
    name: 'age',
    title: 'The same, by the age of the process',
    subtitle: 'V8 compiles what runs often. Solid: median; dashed: 99th percentile.',
    draw: (samples) => costOver(samples, 'endpoints that have come and gone in the process'),
  },
  {
    measure: 'first-byte',
    name: 'first-byte',
    title: 'From the call until the first byte of a server in it',
    subtitle: 'Through 127.0.0.1 and the published port. Dot: median; mark: 99th percentile.',
    draw: distributions,
  },
  {
    measure: 'burst',
    name: 'bursts',
    title: 'Endpoints a second when many are asked for at once',
    subtitle: 'From the first call until the last is up.',
    draw: (samples) =>
      rateOver(samples, 'endpoints asked for at once') ?? bars(samples, 'endpoints a second', perSecond),
  },
  {
    measure: 'endpoints',
    name: 'endpoints',
    title: 'What one more endpoint costs beside those that exist',
    subtitle: 'Solid: median; dashed: 99th percentile.',
    draw: (samples) => costOver(samples, 'endpoints that exist'),
  },
  {
    measure: 'ports',
    name: 'ports',
    title: 'What it costs to publish one more port',
    subtitle: 'Solid: median; dashed: 99th percentile.',
    draw: (samples) => costOver(samples, 'ports that are published'),
  },
  {
    measure: 'connect',
    name: 'connect',
    title: 'First connection through a published port',
    subtitle: 'Solid: median; dashed: 99th percentile.',
    draw: (samples) => costOver(samples, 'ports that are published'),
  },
  {
    measure: 'teardown',
    name: 'teardown',
    title: 'Taking one endpoint away',
    subtitle: 'Until remove() returns, and until the kernel is done with it. Dot: median; mark: 99th percentile.',
    draw: (samples) =>
      distributions(
        samples.filter(({ at = 1, variant }) => at === 1 && variant === undefined).flatMap(returnedAndDone),
      ),
  },
  {
    measure: 'teardown',
    name: 'teardown-at-once',
    title: 'Endpoints taken away a second, many at once',
    subtitle: 'Until the last remove() returns, and until the kernel is done with all.',
    draw: (samples) =>
      bars(samples.filter(({ at = 1 }) => at > 1).flatMap(returnedAndDone), 'endpoints a second', perSecond),
  },
  {
    measure: 'segments',
    name: 'segments',
    title: 'One endpoint on the segment of a link, until it is up',
    subtitle: 'Of macvlan and ipvlan networks, without ports, one after another. Dot: median; mark: 99th percentile.',
    draw: (samples) => distributions(samples.map(asPlugin)),
  },
  {
    measure: 'segments',
    name: 'segments-phases',
    title: 'Where the time of such an endpoint goes',
    subtitle: "Slipway begins a namespace while JavaScript still plans: that part of it is in 'rest'.",
    draw: (samples) => phases(samples.map(asPlugin)),
  },
  {
    measure: 'segments',
    name: 'segments-removed',
    title: 'Taking such an endpoint away',
    subtitle: 'Until remove() returns, in a row: the kernel has deleted the link. Dot: median; mark: 99th percentile.',
    draw: (samples) => distributions(samples.map(removedOf).map(asPlugin)),
  },
  {
    measure: 'fleet',
    name: 'fleet',
    title: '64 sandboxes with 32 published ports each, at once',
    subtitle: 'From the first call until the last is up.',
    draw: (samples) => bars(samples, 'milliseconds', ({ result: { total } }) => total[0] && total[0] / 1000),
  },
  {
    measure: 'churn',
    name: 'churn',
    title: 'Endpoints that come and go, eight at a time',
    subtitle: 'How many have come and gone in a second.',
    draw: (samples) => bars(samples, 'endpoints a second', number('perSecond')),
  },
  {
    measure: 'ablation',
    name: 'ablation',
    title: 'What each choice is worth: the floor with one undone',
    subtitle: 'none: as Slipway does it. Behind the comma: how many exist. Dot: median; mark: 99th percentile.',
    draw: (samples) =>
      distributions(samples.map((sample) => asArm(sample, `${sample.variant ?? ''}, ${thousands(sample.at ?? 0)}`))),
  },
  {
    measure: 'claims',
    name: 'claims',
    title: 'What one more published port costs, by what finds it',
    subtitle: "hash: Slipway's map. Solid: median; dashed: 99th percentile.",
    draw: (samples) =>
      costOver(
        samples.map((sample) => asArm(sample, sample.variant ?? '')),
        'ports that are published',
      ),
  },
  {
    measure: 'data',
    name: 'throughput',
    title: 'Through a published port: bytes',
    subtitle: 'One TCP stream, from another host and from this one.',
    draw: (samples) => bars(samples, 'gigabits a second', number('gigabitsPerSecond')),
  },
  {
    measure: 'data',
    name: 'connections',
    title: 'Through a published port: connections',
    subtitle: 'One after another, each for a byte, from another host and from this one.',
    draw: (samples) => bars(samples, 'connections a second', number('connectionsPerSecond')),
  },
]

const perSecond = ({ count, result: { total } }: Measured) => total[0] && (count * 1e6) / total[0]

const number =
  (name: string) =>
  ({ result: { numbers } }: Measured) =>
    numbers?.[name]

/** Where one arm does it in several ways, these are what is compared. */
const asArm = ({ variant: _, ...sample }: Measured, arm: string): Measured => ({ ...sample, arm })

/** What runs of CNI there is the plugin of the kind, and no bridge. */
const asPlugin = (sample: Measured): Measured => (sample.arm === 'cni' ? { ...sample, arm: 'cni-segment' } : sample)

const removedOf = (sample: Measured): Measured => ({
  ...sample,
  result: { ...sample.result, total: sample.result.series?.['removed'] ?? [] },
})

/** A removal as two: what the caller waits for, and what the kernel takes. */
const returnedAndDone = (sample: Measured): Measured[] => [
  { ...sample, variant: 'returns' },
  {
    ...sample,
    variant: 'kernel is done',
    result: { ...sample.result, total: sample.result.series?.['completed'] ?? [] },
  },
]

/** All pictures that samples give. */
export function chartsOf(samples: readonly Measured[]): Chart[] {
  const by = groupBy(samples, ({ measure }) => measure)
  return CHARTS.flatMap(({ measure, name, title, subtitle, draw }) => {
    const drawn = draw(by.get(measure) ?? [])
    return drawn ? { name, title, subtitle, ...drawn } : []
  })
}
