import type { Sample } from './samples.js'
import { median, percentile } from './stats.js'
import { micro, NAMES, newTable, titled } from './tables.js'
import { ARMS, type Arm } from './trial-spec.js'

const STEPS = ['published', 'unpublished', 'removed', 'after removal'] as const

/** What each protocol costs, beside TCP on the same network. */
export function protocolsTable(samples: readonly Sample[]): string {
  const mine = samples.filter(({ measure }) => measure === 'protocols')
  const table = newTable(['', 'create p50', 'p99', '/ tcp', ...STEPS.flatMap((step) => [step, '/ tcp'])])
  for (const arm of ARMS) {
    for (const variant of new Set(mine.filter((sample) => sample.arm === arm).map((sample) => sample.variant))) {
      const [here, tcp] = [variant, tcpOf(variant)].map((way) => stepsOf(mine, arm, way))
      if (!here || !tcp) continue
      const beside = (step: string) => (median(here[step] ?? []) / median(tcp[step] ?? [])).toFixed(2)
      table.push([
        `${NAMES[arm]}: ${variant}`,
        micro(median(here['created'] ?? []), 1),
        micro(percentile(here['created'] ?? [], 99), 1),
        beside('created'),
        ...STEPS.flatMap((step) => [micro(median(here[step] ?? []), 1), beside(step)]),
      ])
    }
  }
  return titled(
    'A sandbox by the protocols of its ports: create, one more port, that port gone, remove, a create right after (µs)',
    table,
  )
}

/** Of the same network. */
const tcpOf = (variant: string | undefined): string => ['tcp', ...(variant?.split(', ').slice(1) ?? [])].join(', ')

function stepsOf(samples: readonly Sample[], arm: Arm, variant: string | undefined): Record<string, number[]> {
  const results = samples
    .filter((sample) => sample.arm === arm && sample.variant === variant)
    .map(({ result }) => result)
  const steps: Record<string, number[]> = { created: results.flatMap(({ total }) => total) }
  for (const step of STEPS) steps[step] = results.flatMap(({ series }) => series?.[step] ?? [])
  return steps
}
