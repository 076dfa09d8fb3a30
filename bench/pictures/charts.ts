import { bars } from './bars.js'
import type { Chart } from './chart.js'
import { cumulative } from './cumulative.js'
import { distributions } from './distributions.js'
import { totals, type Measured } from './measured.js'
import { costOver, rateOver } from './over.js'
import { phases } from './phases.js'

interface Drawn {
  /** Whose samples it is drawn from. */
  measure: string
  name: string
  title: string
  subtitle: string
  draw(samples: readonly Measured[]): Omit<Chart, 'name' | 'title' | 'subtitle'> | undefined
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
    draw: (samples) => rateOver(samples, 'endpoints asked for at once') ?? bars(samples, 'endpoints a second', perSecond),
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
]

const perSecond = ({ count, result: { total } }: Measured) => (total[0] === undefined ? undefined : (count * 1e6) / total[0])

/** All pictures that samples give. */
export function chartsOf(samples: readonly Measured[]): Chart[] {
  return CHARTS.flatMap(({ measure, name, title, subtitle, draw }) => {
    const list = samples.filter((sample) => sample.measure === measure && totals([sample]).length > 0)
    const drawn = list.length > 0 && draw(list)
    return drawn ? { name, title, subtitle, ...drawn } : []
  })
}
