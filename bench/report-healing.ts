import type { Sample } from './samples.js'
import { median } from './stats.js'
import { micro, NAMES, newTable, titled } from './tables.js'
import { ARMS } from './trial-spec.js'

/** From a damage to the end of its healing, by how many sandboxes there are. */
export function healingTable(samples: readonly Sample[]): string {
  const mine = samples.filter(({ measure }) => measure === 'healing')
  const table = newTable(['', 'sandboxes', 'p50', 'max', '/ nft -f of the whole ruleset'])
  for (const arm of ARMS)
    for (const variant of new Set(mine.map((sample) => sample.variant)))
      for (const at of new Set(mine.map((sample) => sample.at))) {
        const results = mine
          .filter((sample) => sample.arm === arm && sample.variant === variant && sample.at === at)
          .map(({ result }) => result)
        const times = results.flatMap(({ total }) => total)
        if (times.length === 0) continue
        const load = median(results.flatMap(({ numbers }) => numbers?.['nftMicroseconds'] ?? []))
        table.push([
          `${NAMES[arm]}: ${variant}`,
          String(at),
          micro(median(times), 0),
          micro(Math.max(...times), 0),
          (median(times) / load).toFixed(2),
        ])
      }
  return titled('From a damage to the end of its healing (µs)', table)
}
